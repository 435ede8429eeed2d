#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# list, status, bind, unbind, version: with and without the module.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
chmod 755 "$tap_tmp"

exit_is 0 list --json
envelope devices 1 'list before the module'
json '.devices[0] | [.device, .class, .bound, .driver, .viable, .info]' \
	"[\"$DEV\",328208,false,null,true,null]" 'its device'
run_nobody list --json
is "$code" 0 'list as nobody'
json '.devices[0].device' "$DEV" 'shows the device too'
exit_is 3 bind "$DEV"
has "$err" 'not loaded' 'bind without a module'
is "$(driver)$(override)" '' 'and nothing happened'
exit_is 3 bind "$DEV" --dry-run
has "$err" 'not loaded' 'the dry run says the same'
for o in '' --dry-run; do
	# shellcheck disable=SC2086 # none
	run_nobody bind "$DEV" $o
	is "$code" 6 "bind $o without a module, as nobody"
	has "$err" 'run it as root' 'says what to do'
done
exit_is 0 unbind "$DEV"
exit_is 0 version --json
json '.versions[0].module_loaded' false 'version without a module'

mkdir "$tap_tmp/bin"
printf '#!/bin/sh\ngrep SigBlk /proc/self/status\nexit 1\n' \
	>"$tap_tmp/bin/modprobe"
chmod +x "$tap_tmp/bin/modprobe"
PATH=$tap_tmp/bin:$PATH exit_is 3 bind "$DEV"
has "$err" '?0000000000000000' 'modprobe hears every signal'

load_module
ok $? 'module loads' || exit
exit_is 0 version --json
json '.versions[0] | [.module_loaded, .kernel]' "[true,\"$(uname -r)\"]" \
	'version with the module'
json '.versions[0].module_version == .versions[0].version' true \
	'of the same release'

# What is no CXL device is left alone
for other in /sys/bus/pci/devices/*; do
	[[ -e $other/driver || $other == "$sysfs" ]] || break
done
before=$(xxd -l 64 "$other/config")
echo cxl-vfio-pci >"$other/driver_override"
echo "${other##*/}" >/sys/bus/pci/drivers_probe
has "$(dmesg)" "${other##*/}: no CXL Device DVSEC" 'not a CXL device'
[[ ! -e $other/driver && $(xxd -l 64 "$other/config") == "$before" ]]
ok $? 'it is not bound, and as it was'
echo >"$other/driver_override"

# From no driver
exit_is 0 bind "$DEV" --dry-run --json
json '.devices[0] | [.dry_run, .driver, .old_driver]' \
	'[true,"cxl-vfio-pci",null]' 'bind --dry-run'
is "$(driver)$(override)" '' 'changed nothing'
run_nobody bind "$DEV"
is "$code" 6 'bind as nobody'
has "$err" 'run it as root' 'says what to do'
is "$(driver)$(override)" '' 'changed nothing either'
exit_is 0 bind "$DEV"
has "$out" 'from no driver to cxl-vfio-pci' bind
is "$(driver)" cxl-vfio-pci 'the driver has it'
is "$(override)" cxl-vfio-pci 'driver_override'
exit_is 0 bind "$DEV" --json
envelope devices 1 'bind again'
json '.devices[0].already' true 'is done already'
exit_is 0 list
has "$out" cxl-vfio-pci list
exit_is 0 list --json
json '.devices[0] | [.bound, .info.abi_version, .info.decoder_count > 0]' \
	'[true,8,true]' 'info of a bound device'
exit_is 0 status "$DEV"
has "$out" "/dev/vfio-cxl/$DEV, mode 0600" 'status: control node'
has "$out" '/dev/vfio/' 'status: group node'
vfio=$(basename "$(ls -d "$sysfs"/vfio-dev/vfio*)")
exit_is 0 status "$vfio" --json
json '[.devices[0].device, .devices[0].vfio]' "[\"$DEV\",\"$vfio\"]" \
	'named by its VFIO device'
exit_is 0 status 0xc0ffee00d0000001 --json
json '.devices[0].device' "$DEV" 'named by its serial number'
exit_is 0 version --json
json '.versions[0].driver_abi_version' 8 'version asks the driver'
run_nobody status "$DEV" --json
is "$code" 0 'status as nobody'
json '.devices[0] | [.bound, .info, .control_node.usable]' \
	'[true,null,false]' 'says what is hidden'
for c in 'decoder show' 'decoder program' 'decoder clear' 'decoder guest clear' \
	 unbind 'mem test'; do
	# shellcheck disable=SC2086 # two words
	run_nobody $c "$DEV" --json
	is "$code" 6 "$c as nobody"
	json_err '.error | [.errno, .exit]' '["EACCES",6]' "$c tells it"
done
exit_is 0 unbind "$DEV" --dry-run
is "$(driver)" cxl-vfio-pci 'unbind --dry-run changed nothing'
exit_is 0 unbind "$DEV"
is "$(driver)$(override)" '' 'unbind goes back to no driver'
exit_is 0 unbind "$DEV" --json
json '.devices[0].already' true 'unbind again is done already'

# From cxl_pci, loaded or not
modprobe -a cxl_acpi cxl_mem cxl_pci
is "$(driver)" cxl_pci 'cxl_pci has it'
exit_is 0 bind "$DEV" --json
json '.devices[0] | [.old_driver, .driver]' '["cxl_pci","cxl-vfio-pci"]' \
	'from cxl_pci'
rmmod cxl_pci
exit_is 0 unbind "$DEV" --json
json '.devices[0] | [.driver, .driver_override]' '["cxl_pci",null]' \
	'back to cxl_pci, whose module had to be loaded'
is "$(driver)" cxl_pci 'truly'

# From another driver with an override
modprobe vfio-pci
echo vfio-pci >"$sysfs/driver_override"
echo "$DEV" >"$sysfs/driver/unbind"
echo "$DEV" >/sys/bus/pci/drivers_probe
is "$(driver)" vfio-pci 'vfio-pci has it'
exit_is 0 bind "$DEV"
is "$(driver) $(override)" 'cxl-vfio-pci cxl-vfio-pci' 'bound'
exit_is 0 unbind "$DEV"
is "$(driver) $(override)" 'vfio-pci vfio-pci' 'driver and override are back'

# From one that others come before: its name is asked, not the kernel
echo >"$sysfs/driver_override"
id="$(<"$sysfs/vendor") $(<"$sysfs/device")"
echo "$DEV" >"$sysfs/driver/unbind"
echo "$id" >/sys/bus/pci/drivers/vfio-pci/new_id
[[ $(driver) == vfio-pci ]] || echo "$DEV" >/sys/bus/pci/drivers/vfio-pci/bind
is "$(driver)" vfio-pci 'vfio-pci has it by a dynamic id'
exit_is 0 bind "$DEV"
exit_is 0 unbind "$DEV"
is "$(driver)" vfio-pci 'and gets it back, though cxl_pci would take it too'
echo "$id" >/sys/bus/pci/drivers/vfio-pci/remove_id
echo "$DEV" >"$sysfs/driver/unbind"
echo "$DEV" >/sys/bus/pci/drivers_probe
is "$(driver)" cxl_pci 'cxl_pci would'

# Cut short between two drivers, as by a kill
exit_is 0 bind "$DEV"
echo "$DEV" >"$sysfs/driver/unbind"
is "$(driver) $(override)" ' cxl-vfio-pci' 'a bind cut short'
exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci 'is done by the next'
exit_is 0 unbind "$DEV"
is "$(driver)" cxl_pci 'which did not forget where it came from'
exit_is 0 bind "$DEV"
echo >"$sysfs/driver_override"
echo "$DEV" >"$sysfs/driver/unbind"
is "$(driver)$(override)" '' 'an unbind cut short'
exit_is 0 unbind "$DEV" --json
json '.devices[0] | [.already, .driver, .chosen]' '[false,"cxl_pci","NOTE"]' \
	'is done by the next'
is "$(driver)" cxl_pci 'truly'

# A former driver that is not there any more, and is again
exit_is 0 bind "$DEV"
sed -i s/cxl_pci/no_such_driver/ "/run/vfio-cxl/$DEV"
rmmod cxl_pci
exit_is 8 unbind "$DEV"
has "$err" 'no_such_driver did not take it back' 'told'
exit_is 8 unbind "$DEV"
sed -i s/no_such_driver/cxl_pci/ "/run/vfio-cxl/$DEV"
exit_is 0 unbind "$DEV"
is "$(driver)" cxl_pci 'until it does'

# Two at once
"$VFIO_CXL" bind "$DEV" >/dev/null 2>&1 &
first=$!
run bind "$DEV"
wait $first
is "$? $code" '0 0' 'two binds at once'
exit_is 0 unbind "$DEV"
is "$(driver)" cxl_pci 'and one way back'

# By hand and without a note, the kernel chooses
exit_is 0 bind "$DEV"
rm "/run/vfio-cxl/$DEV"
exit_is 0 unbind "$DEV"
is "$(driver) $(override)" 'cxl_pci ' 'the kernel chose'

# An open device
exit_is 0 bind "$DEV"
exit_is 0 decoder program "$DEV"
run status "$DEV" --json
group=$(jq -r '.devices[0].group_node.path' <<<"$out")
exec 9<>"$group"
error 4 null mem test "$DEV" --size 4K
exec 9>&-
# Whoever comes next shall find nothing of this
exit_is 0 decoder clear "$DEV"
exit_is 0 unbind "$DEV"
echo 1 >"$sysfs/reset"
exit_is 5 bind 0000:00:00.0
has "$err" 'no CXL memory device' 'a host bridge is refused'
rmmod cxl_vfio_pci
ok $? 'module unloads'
