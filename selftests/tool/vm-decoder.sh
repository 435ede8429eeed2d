#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct static hdm-db
# window list, decoder show, program, clear.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"

read -r base size < <(bed info | jq -r '"\(.window.base) \(.window.size)"')
static=$(bed info | jq '.devices[0].media.static')
# Both kinds, of which the decoder covers all if nothing is said
all=$(bed info | jq '.devices[0].media | .static + .dc')

exit_is 0 window list --json
envelope windows 1 'windows without the driver'
json '.windows[0] | [.base, .size, .ways, .flags]' "[$base,$size,1,null]" \
	'from the CEDT'
json '.windows[0] | [.free_base, .free_size]' "[$base,$size]" 'all free'
setpriv --reuid nobody "$VFIO_CXL" window list >/dev/null 2>&1
is $? 6 'windows as nobody'

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
exit_is 0 window list "$DEV" --json
json '.windows[0] | [.base, .size, .flags, .reason]' \
	"[$base,$size,[\"USABLE\"],\"NONE\"]" 'the device can use it'
exit_is 0 list --json
json '.devices[0] | [.state, .info.reason, .info.static_capacity]' \
	"[\"NOT_COMMITTED\",\"NOT_COMMITTED\",$static]" 'nothing is committed'
exit_is 0 status "$DEV"
has "$out" 'vfio-cxl decoder program' 'status says how to commit'
error 5 '"NOT_COMMITTED"' mem test "$DEV"
exit_is 5 mem test "$DEV" --dry-run

exit_is 0 decoder show "$DEV" --json
json '.decoders | length' 4 'all decoders'
json '.decoders[0] | [.index, .device, .flags, .base, .size, .origin,
	.guest_base]' "[0,\"$DEV\",[],0,0,\"NONE\",null]" 'the first'
exit_is 0 decoder clear "$DEV" --json
json '.decoders[0].already' true 'clear already'

before=$(registers)
exit_is 0 decoder program "$DEV" --dry-run --json
envelope decoders 1 'decoder program --dry-run'
json '.decoders[0] | [.dry_run, .new.base, .new.size, .old.size]' \
	"[true,$base,$all,0]" 'tells what it would choose'
is "$(registers)" "$before" 'dry run touched no register'
exit_is 0 decoder show "$DEV" --json
json '.decoders[0].size' 0 'nor does the driver think so'

# Refusals
exit_is 1 decoder program "$DEV" --size 4K
has "$err" '256 MiB' 'a crooked size'
exit_is 1 decoder program "$DEV" --base 0x1000
run decoder program "$DEV" --base $((base - 0x10000000)) --json
json_err .error.reason RANGE_WINDOW 'outside the window'
run decoder program "$DEV" --size 1T --json
json_err .error.reason RANGE_CAPACITY 'beyond the capacity'
has "$err" "the device's capacity" 'and a sentence for it'
is "$(registers)" "$before" 'refusals touched no register'

exit_is 0 decoder program "$DEV" --json
json '.decoders[0] | [.already, .dry_run, .new.base, .new.size, .new.origin,
	(.new.flags | index("COMMITTED") != null)]' \
	"[false,false,$base,$all,\"DRIVER\",true]" 'programmed'
committed=$(registers)
[[ $committed != "$before" ]]
ok $? 'in hardware'
exit_is 0 decoder program "$DEV"
has "$out" 'is already committed' 'again is done already'
run decoder program "$DEV" --base $((base + 0x10000000)) --size 256M --json
is "$code" 4 'other values'
json_err .error.reason COMMITTED 'need a clear first'
exit_is 0 window list "$DEV" --json
json '.windows[0].flags | index("USED") != null' true 'the window is used'
json '.windows[0].free_base' $((base + all)) 'the rest is free'
exit_is 0 status "$DEV" --json
json '.devices[0] | [.state, .info.memory_size, .info.origin,
	(.decoders | length), (.windows | length)]' \
	"[\"LIVE\",$all,\"DRIVER\",4,1]" 'status'
exit_is 0 list
has "$out" LIVE 'list for people'
exit_is 0 decoder show "$DEV"
has "$out" "$(printf '%#x' "$base")" 'decoder show for people'

exit_is 0 decoder clear "$DEV" --dry-run --json
json '.decoders[0] | [.dry_run, .old.size, .new.size]' "[true,$all,0]" \
	'clear --dry-run'
is "$(registers)" "$committed" 'touched no register'
exit_is 0 decoder clear "$DEV"
has "$out" 'is now clear' 'clear'
exit_is 0 decoder show "$DEV" --json
json '.decoders[0].flags' '[]' 'not committed any more'

# Chosen values, and the lock
exit_is 0 decoder program "$DEV" --base "$(printf '%#x' $((base + 0x10000000)))" \
	--size 256M --json
json '.decoders[0].new | [.base, .size]' "[$((base + 0x10000000)),268435456]" \
	'a base of our own'
exit_is 0 decoder program "$DEV" --base $((base + 0x10000000)) --size 256M --lock
exit_is 0 decoder show "$DEV" --json
json '.decoders[0].flags | index("LOCKED") != null' true 'locked'
run decoder clear "$DEV" --json
is "$code" 6 'a locked decoder'
json_err .error.reason LOCKED 'is not cleared'
exit_is 0 unbind "$DEV"
# Whoever comes next shall find no lock
echo 1 >"$sysfs/reset"
exit_is 0 bind "$DEV"
exit_is 0 decoder show "$DEV" --json
json '.decoders[0].flags' '[]' 'a reset undoes the lock'
exit_is 0 unbind "$DEV"
