#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line: grammar, help, exit codes, output that can't be written.
# Needs neither a device nor the module, nor root.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/fixtures.sh"
new_root
device 0000:0d:00.0 0x050210

exit_is 2
has "$err" 'which command?' 'says what is missing'
is "$out" '' 'and nothing on stdout'
exit_is 2 nonsense
has "$err" "'nonsense'" 'names the unknown word'
exit_is 2 decoder
has "$err" 'needs a verb' 'a noun alone'
exit_is 2 decoder nonsense 0d:00.0
exit_is 2 status
has "$err" 'which device' 'a missing device'
exit_is 2 status a b
exit_is 2 list --size 1G
has "$err" 'no meaning' 'an option of another command'
exit_is 2 list --nonsense
exit_is 2 list -x
exit_is 2 list --json=1
exit_is 2 mem test 0d:00.0 --size
exit_is 2 status ''
exit_is 2 list --json --verbose
json_err '.error.why | test("--verbose")' true \
	'--verbose would write where the error object belongs'
exit_is 2 list $'\033[31m'
[[ $err != *$'\033'* ]]
ok $? 'no escape sequence comes back from the command line'
error 2 null status
error 2 null --size 1 list

exit_is 0 help --json
mapfile -t commands < <(jq -r '.commands[] | [.noun, .verb // empty] | join(" ")' \
	<<<"$out")
[[ ${#commands[@]} -ge 13 ]]
ok $? 'help --json lists the commands'
envelope commands ${#commands[@]} 'help --json'
for c in "${commands[@]}"; do
	# shellcheck disable=SC2086 # two words
	exit_is 0 $c --help
	[[ $c != help ]] || continue
	has "$out" "Usage: vfio-cxl $c" "usage of $c"
	text=$out
	# shellcheck disable=SC2086
	exit_is 0 help $c
	is "$out" "$text" "help $c says the same"
done
exit_is 0 -h
has "$out" 'Commands:' 'all commands'
exit_is 0 decoder -h
has "$out" 'decoder program' 'the verbs of a noun'
exit_is 2 help nonsense
exit_is 2 help decoder nonsense
# Three words
exit_is 2 decoder guest
has "$err" "'decoder guest' needs a verb" 'two words of three'
exit_is 2 decoder guest nonsense 0d:00.0
has "$err" "no command 'decoder guest nonsense'" 'a wrong third'
exit_is 0 help decoder guest
has "$out" 'decoder guest clear DEV' 'its verbs'
[[ $out != *'decoder show'* ]]
ok $? 'and no others'
is "$(jq -rc '.commands[] | select(.verb == "guest set") |
	[.noun, .args, .options]' < <("$VFIO_CXL" help --json))" \
	'["decoder","DEV ADDR",["dry-run","seal","persist"]]' 'in the table'
exit_is 0 help decoder guest --json
envelope commands 2 'help of two words'
exit_is 2 help decoder guest set 0d:00.0
exit_is 2 decoder guest set
has "$err" 'which device' 'a missing device'
exit_is 2 decoder guest set 0d:00.0
has "$err" 'which address' 'a missing address'
exit_is 2 decoder guest set 0d:00.0 4G 5G
for s in '' x 4Q -1 0xg; do
	exit_is 2 decoder guest set -- 0d:00.0 "$s"
	has "$err" 'no address' "address '$s'"
done
exit_is 3 decoder guest set 0d:00.0 4G
has "$err" 'vfio-cxl bind' 'a good one gets as far as the device'
exit_is 2 decoder guest clear 0d:00.0 --seal

# Options anywhere, "--" ends them
exit_is 0 --json status 0d:00.0
a=$out
exit_is 0 status --json 0d:00.0
is "$out" "$a" 'an option before or in between'
exit_is 0 status --json -- 0d:00.0
is "$out" "$a" 'words after --'
exit_is 3 status -- --json
has "$err" '--json' 'after -- an option is a name'

for s in 5 0x 1Q -1 1.5G 4K4 ' 4K' 0xfffffffffffffffff 18446744073709551616 \
	 16777216T 1k '' 0; do
	exit_is 2 mem test 0d:00.0 --dry-run --size "$s"
done
# Good ones get as far as the device, which is not bound
for s in 4096 0x1000 4K 4KiB 1M 1MiB 2G 2GiB 1T; do
	exit_is 3 mem test 0d:00.0 --dry-run --size "$s"
	exit_is 3 mem test --size="$s" --dry-run 0d:00.0
done
exit_is 2 decoder program 0d:00.0 --base 12Q
exit_is 2 decoder program 0d:00.0 --size 0
exit_is 2 mem test 0d:00.0 --check --keep

"$VFIO_CXL" list --json >/dev/full 2>"$tap_tmp/err"
is $? 1 'a full disk is noticed'
err=$(<"$tap_tmp/err")
json_err '[.error.object, .error.errno, .error.exit]' \
	'["standard output","ENOSPC",1]' 'and told'
"$VFIO_CXL" help >/dev/full 2>/dev/null
is $? 1 'also by help'
set -o pipefail
{ sleep 0.2; "$VFIO_CXL" list --json 2>"$tap_tmp/err"; } | true
is $? 1 'a closed pipe is noticed'
has "$(<"$tap_tmp/err")" 'Broken pipe' 'and told'

# Closed descriptors: no file may get our messages, nor be taken for a terminal
"$VFIO_CXL" list >&- 2>"$tap_tmp/err"
is $? 1 'a closed standard output is noticed'
"$VFIO_CXL" list <&- >"$tap_tmp/out" 2>&-
is $? 0 'all but standard output may be closed'
mkdir -p "$fix/sys/bus/pci/drivers/"{cxl-vfio-pci,cxl_pci}
device 0000:0e:00.0 0x050210 cxl_pci 4
: >"$fix/sys/bus/pci/drivers/cxl_pci/bind"
"$VFIO_CXL" bind 0e:00.0 --verbose </dev/null >/dev/null 2>&-
is $? 1 'a bind that fails with standard error closed'
is "$(grep -rl 'vfio-cxl: ' "$fix")" '' 'no file got what was meant for it'
rm -r "$fix/sys/bus/pci/drivers/cxl-vfio-pci"

exit_is 0 version
has "$out" 'vfio-cxl ' 'version'
exit_is 0 version --json
envelope versions 1 'version --json'
json '.versions[0] | [.abi_version, .module_loaded, .driver_abi_version]' \
	'[8,false,null]' 'without a module'
