#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct firmware
# decoder guest set, clear: before, during and after a tenancy.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
if [[ $TOPOLOGY != firmware ]]; then
	error 5 '"NOT_COMMITTED"' decoder guest set "$DEV" 4G
	exit_is 0 decoder program "$DEV"
fi
before=$(registers)

tenant()
{
	begin "$VFIO_CXL" mem test "$DEV" --size 128M --keep
}

# guest WANTED WHAT: base, sealed, LOCK and COMMITTED of its CTRL, where from
guest()
{
	run decoder show "$DEV" --json
	json '.decoders[0] | [.guest_base, (.flags | index("GUEST_SEALED") != null),
		(.guest_ctrl | if . == null then null
		 else [. / 256 % 2, . / 1024 % 2] | map(floor) end),
		(.flags | map(select(test("GUEST_(SET|PERSIST)"))))]' "$1" "$2"
}

exit_is 1 decoder guest set "$DEV" 4096
has "$err" '256 MiB' 'a crooked base'
run decoder guest set "$DEV" 0xfffffffff0000000 --json
json_err .error.reason RANGE_SIZE 'a range that does not end'
exit_is 0 decoder guest clear "$DEV" --json
json '.decoders[0].already' true 'nothing to clear'
exit_is 0 decoder guest set "$DEV" 4G --seal --dry-run
guest '[null,false,null,[]]' 'a dry run sets nothing'

# For the next tenancy, and only for that
exit_is 0 decoder guest set "$DEV" 4G --seal --json
json '.decoders[0] | [.already, .new.guest_base]' '[false,4294967296]' \
	'set for the next'
exit_is 0 decoder guest set "$DEV" 4G --seal --json
json '.decoders[0].already' true 'again is done already'
tenant
guest '[4294967296,true,[1,1],["GUEST_SET"]]' 'it finds its decoder sealed'
exit_is 0 status "$DEV"
has "$out" 'set from outside, sealed, for one tenancy' 'status shows it'
error 6 '"SEALED"' decoder guest set "$DEV" 8G
guest '[4294967296,true,[1,1],["GUEST_SET"]]' 'and nothing moved'
exit_is 0 decoder guest clear "$DEV"
guest '[0,false,[0,1],[]]' 'taken back, it is as at the open'
exit_is 0 decoder guest set "$DEV" 8G
guest '[8589934592,false,[0,1],["GUEST_SET"]]' 'set under way, not sealed'
end INT
guest '[null,false,null,[]]' 'it ends with the tenancy'
tenant
guest '[0,false,[0,1],[]]' 'the next begins at 0'
end INT

# For all
exit_is 0 decoder guest set "$DEV" 12G --seal --persist
for i in first second; do
	tenant
	guest '[12884901888,true,[1,1],["GUEST_SET","GUEST_PERSIST"]]' \
		"the $i has it"
	end INT
done
exit_is 0 decoder guest clear "$DEV"
tenant
guest '[0,false,[0,1],[]]' 'until it is cleared'
end INT

is "$(registers)" "$before" 'the physical decoder never moved'

# Set for one memory, and the tenant gets another
if [[ $TOPOLOGY != firmware ]]; then
	exit_is 0 decoder clear "$DEV"
	exit_is 0 decoder program "$DEV" --size 256M
	exit_is 0 decoder guest set "$DEV" 0xffffffffe0000000 --persist
	exit_is 0 decoder clear "$DEV"
	exit_is 0 decoder program "$DEV" --dpa-skip 256M --size 512M
	tenant
	guest '[0,false,[0,1],["GUEST_SET","GUEST_PERSIST"]]' \
		'what does not fit is not placed'
	end INT
	has "$(dmesg)" 'does not fit at 0xffffffffe0000000' 'the log says so'
fi
run_nobody decoder guest set "$DEV" 4G --json
is "$code" 6 'not for nobody'
exit_is 0 unbind "$DEV"
dmesg | grep -E 'WARNING|BUG:' && ok 1 'a quiet kernel'
