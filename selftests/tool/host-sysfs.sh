#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Reading sysfs, the CEDT and /proc/iomem: good trees and hostile ones.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/fixtures.sh"

new_root
rm -rf "$fix/sys"
exit_is 0 list --json
envelope devices 0 'no sysfs at all'
new_root
exit_is 0 list --json
envelope devices 0 'no device'
exit_is 0 list
has "$out" DEVICE 'an empty table has its head'
exit_is 0 window list --json
envelope windows 0 'no table'

device 0000:0d:00.0 0x050210 cxl_pci 4
device 0000:0e:00.0 0x120000 '' 5
dvsec 0000:0e:00.0 0x100 0x140
dsn 0000:0e:00.0 0x140 0 0x1122334455667788
device 0001:0e:00.0 0x020000
exit_is 0 list --json
envelope devices 2 'by class and by DVSEC'
json '.devices[0] | [.device, .driver, .driver_override, .iommu_group,
	.viable, .numa_node, .serial, .bound, .info, .state]' \
	'["0000:0d:00.0","cxl_pci",null,4,true,null,null,false,null,null]' \
	'what is not known is null'
json '.devices[1] | [.device, .class]' '["0000:0e:00.0",1179648]' \
	'an accelerator'
# Not through jq: its numbers may be too short for this one
has "$out" '"serial":1234605616436508552' 'all 64 bits of a serial number'
list=$(jq -c '.devices[0]' <<<"$out")
exit_is 0 status 0d:00.0 --json
is "$(jq -c --argjson list "$list" '.devices[0] | [.[$list | keys[]]] ==
	[$list | .[keys[]]]' <<<"$out")" true 'status has all that list has'

# Names
for n in 0000:0d:00.0 0d:00.0 0D:00.0 /dev/vfio/4; do
	exit_is 0 status "$n" --json
	json '.devices[0].device' 0000:0d:00.0 "name $n"
done
exit_is 0 status 0x1122334455667788 --json
json '.devices[0].device' 0000:0e:00.0 'name by serial number'
exit_is 0 status 1234605616436508552 --json
json '.devices[0].device' 0000:0e:00.0 'in decimal too'
exit_is 2 status 0e:00.0
has "$err" 'several devices' 'an ambiguous name'
mkdir -p "$fix/sys/class/vfio-dev/vfio7"
ln -s ../../../0000:0d:00.0 "$fix/sys/class/vfio-dev/vfio7/device"
exit_is 0 status vfio7 --json
json '.devices[0].device' 0000:0d:00.0 'name vfio7'
exit_is 0 status /dev/vfio/devices/vfio7
for n in vfio8 vfio vfio/../x ../x 0:0 d:00.0 00:0d:00.0 0x1 12 x \
	 /dev/vfio/ /dev/vfio/99 /dev/vfio/devices/../x "$(printf '%0200d' 1)"; do
	exit_is 3 status "$n"
done
has "$err" 'vfio-cxl list' 'points to the list'
error 3 null status 0d:1f.7

# Commands that need the driver, and a device that isn't any
for c in 'decoder show' 'decoder program' 'decoder clear' 'mem test --dry-run'; do
	# shellcheck disable=SC2086
	error 3 null $c 0d:00.0
done
has "$err" 'vfio-cxl bind' 'says how to bind'
error 5 null bind 0001:0e:00.0
error 5 null bind 0001:0e:00.0 --dry-run

# Groups
device 0000:0d:00.1 0x020000 e1000e 4
exit_is 0 list --json
json '.devices[0].viable' false 'a neighbour with a driver of its own'
error 4 null bind 0d:00.0
json_err '.error.why | test("0000:0d:00.1") and test("e1000e")' true \
	'names who is in the way'
exit_is 3 bind 0d:00.0 --force --dry-run
has "$err" 'not loaded' 'a dry run fails too without a module'
mkdir "$fix/sys/bus/pci/drivers/cxl-vfio-pci"
exit_is 0 bind 0d:00.0 --force --dry-run --json
json '.devices[0] | [.dry_run, .driver, (.warnings | length)]' \
	'[true,"cxl-vfio-pci",1]' 'or goes on, with a warning'
exit_is 0 status 0d:00.0 --json
json '.devices[0].peers' \
	'[{"device":"0000:0d:00.1","driver":"e1000e","in_the_way":true}]' peers
device 0000:0d:00.1 0x060400 pcieport 4
exit_is 0 list --json
json '.devices[0].viable' true 'a bridge is not in the way'

# The host's own memory
mkdir -p "$fix/sys/bus/cxl/devices/endpoint2/decoder2.0" \
	"$fix/sys/bus/cxl/devices/region0" \
	"$fix/sys/bus/pci/devices/0000:0d:00.0/mem0"
ln -s ../../mem0 "$fix/sys/bus/cxl/devices/endpoint2/uport"
: >"$fix/sys/bus/cxl/devices/endpoint2/decoders_committed"
ln -s endpoint2/decoder2.0 "$fix/sys/bus/cxl/devices/decoder2.0"
echo region0 >"$fix/sys/bus/cxl/devices/decoder2.0/region"
echo 0x4d0000000 >"$fix/sys/bus/cxl/devices/region0/resource"
echo 0x10000000 >"$fix/sys/bus/cxl/devices/region0/size"
echo 0x77 >"$fix/sys/bus/pci/devices/0000:0d:00.0/mem0/serial"
cat >"$fix/proc/iomem" <<E
100000000-13fffffff : System RAM
E
exit_is 0 bind 0d:00.0 --dry-run
has "$err" 'region0' 'warns of a region'
echo >"$fix/sys/bus/cxl/devices/decoder2.0/region"
exit_is 0 bind 0d:00.0 --dry-run
is "$err" '' 'but not of somebody else'"'"'s'
echo 0x4d8000000 >"$fix/sys/bus/cxl/devices/decoder2.0/start"
echo 0x10000000 >"$fix/sys/bus/cxl/devices/decoder2.0/size"
exit_is 0 bind 0d:00.0 --dry-run
has "$err" 'region0' 'nor only of one that is attached'
exit_is 0 status 0x77
cat >"$fix/proc/iomem" <<E
4d0000000-4dfffffff : CXL Window 0
  4d0000000-4dfffffff : System RAM (kmem)
E
error 4 null bind 0d:00.0 --force
json_err '.error.why | test("System RAM")' true 'never takes memory in use'
rm -r "$fix/sys/bus/cxl/devices/region0"
error 4 null bind 0d:00.0 --force
json_err '.error.why | test("System RAM.*decoder2.0")' true \
	'nor where only a decoder is left'
printf '0-0 : System RAM\n0-0 : CXL Window 0\n' >"$fix/proc/iomem"
error 6 null bind 0d:00.0 --force
json_err '.error.why | test("addresses are hidden")' true \
	'nor what may be in use: hidden addresses'
json_err '.error.next | test("root")' true 'and who sees them'
error 6 null bind 0d:00.0 --dry-run
echo rubbish >"$fix/proc/iomem"
error 1 null bind 0d:00.0 --force
: >"$fix/proc/iomem"
error 6 null bind 0d:00.0 --force
rm "$fix/proc/iomem"
error 1 null bind 0d:00.0 --force
echo '100000000-13fffffff : System RAM' >"$fix/proc/iomem"
exit_is 0 bind 0d:00.0 --dry-run
for v in rubbish 0xffffffffffffff00; do
	echo $v >"$fix/sys/bus/cxl/devices/decoder2.0/start"
	error 1 null bind 0d:00.0 --dry-run
done
rm "$fix/sys/bus/cxl/devices/decoder2.0/start"
error 1 null bind 0d:00.0 --dry-run
echo 0 >"$fix/sys/bus/cxl/devices/decoder2.0/size"
rm "$fix/proc/iomem"
exit_is 0 bind 0d:00.0 --dry-run
is "$err" '' 'where nothing is decoded there is nothing to know'
rm -rf "$fix/sys/bus/cxl" "$fix/proc/iomem"

# A bind that the kernel does not follow is undone
: >"$fix/sys/bus/pci/drivers_probe"
override=$fix/sys/bus/pci/devices/0000:0d:00.0/driver_override
echo former >"$override"
exit_is 1 bind 0d:00.0
has "$err" 'did not take the device' 'a driver that refuses'
has "$err" 'as it was, with cxl_pci' 'and the way back'
is "$(head -1 "$override")" former 'driver_override is back'
is "$(ls "$fix/run/vfio-cxl")" '' 'no note stays behind'
: >"$fix/sys/bus/pci/drivers/cxl_pci/bind"
d=$fix/sys/bus/pci/devices/0000:0d:00.0
note=$fix/run/vfio-cxl/0000:0d:00.0
is "$(stat -c %a "$fix/run/vfio-cxl")" 700 'the notes are for nobody else'
# Longer than any bind waits, however busy this machine is
(flock 9; : >"$tap_tmp/locked"; exec sleep 300) \
	9<>"$fix/run/vfio-cxl/.0000:0d:00.0.lock" &
until [[ -e $tap_tmp/locked ]]; do sleep 0.1; done
error 4 null bind 0d:00.0
json_err '.error.why | test("under way")' true 'one bind at a time'
kill $!
wait

# What was cut short: the note knows the way back
cut_short()
{
	rm -f "$d/driver"
	: >"$fix/sys/bus/pci/drivers/cxl_pci/bind"
	echo "${2:-cxl-vfio-pci}" >"$override"
	printf 'driver=%s\noverride=former\n' "$1" >"$note"
}
cut_short cxl_pci
exit_is 1 bind 0d:00.0
has "$(<"$note")" driver=cxl_pci 'a second bind keeps the note of the first'
has "$(<"$note")" override=former 'all of it'
is "$(<"$fix/sys/bus/pci/drivers/cxl_pci/bind")" 0000:0d:00.0 \
	'undo asks the former driver by name'
cut_short cxl_pci
exit_is 0 unbind 0d:00.0 --dry-run --json
json '.devices[0] | [.driver, .driver_override, .chosen, .already]' \
	'["cxl_pci","former","NOTE",false]' 'unbind goes on from there too'
exit_is 8 unbind 0d:00.0
is "$(<"$fix/sys/bus/pci/drivers/cxl_pci/bind")" 0000:0d:00.0 \
	'and asks the former driver by name'
[[ -e $note ]]
ok $? 'the note stays'
cut_short cxl_pci former
exit_is 8 unbind 0d:00.0
has "$err" 'cxl_pci did not take it back' 'no success without a driver'
exit_is 1 bind 0d:00.0
has "$(<"$note")" driver=cxl_pci 'nor does a bind forget it then'
cut_short ''
exit_is 0 unbind 0d:00.0 --dry-run
has "$out" 'and have no driver, as before bind' 'a note of no driver'
exit_is 0 unbind 0d:00.0 --dry-run --json
json '.devices[0] | [.driver, .chosen]' '[null,"NOTE"]' 'as JSON too'
rm "$note"
exit_is 0 unbind 0d:00.0 --dry-run
has "$out" 'for whichever driver the kernel finds' 'no note'
exit_is 0 unbind 0d:00.0 --dry-run --json
json '.devices[0] | [.driver, .chosen]' '[null,"KERNEL"]' 'as JSON too'
echo former >"$override"
exit_is 0 unbind 0d:00.0
has "$out" 'is not bound to cxl-vfio-pci' 'neither note nor override: done'

# A device that does not leave, and one whose driver can't be asked
ln -s ../../drivers/cxl-vfio-pci "$d/driver"
: >"$fix/sys/bus/pci/drivers/cxl-vfio-pci/unbind"
echo cxl-vfio-pci >"$override"
printf 'driver=cxl_pci\noverride=former\n' >"$note"
error 3 null unbind 0d:00.0
json_err '.error.why | test("whether the device is open")' true \
	'no control node to ask'
is "$(<"$override")" cxl-vfio-pci 'nothing happened'
exit_is 4 unbind 0d:00.0 --force
has "$err" 'still bound' 'a device that stays'
is "$(head -1 "$override")" cxl-vfio-pci 'keeps its driver_override'
rm "$fix/sys/bus/pci/drivers/cxl-vfio-pci/unbind"
exit_is 3 unbind 0d:00.0 --force
is "$(head -1 "$override")" cxl-vfio-pci 'also where it can'"'"'t be asked to leave'
rm "$d/driver" "$note"
ln -s ../../drivers/cxl_pci "$d/driver"
echo former >"$override"
rm -rf "$fix/run/vfio-cxl"
ln -s /tmp "$fix/run/vfio-cxl"
exit_is 1 bind 0d:00.0
has "$err" '/run/vfio-cxl' 'no notes through a link'
rm "$fix/run/vfio-cxl"
rm -r "$fix/sys/bus/pci/drivers/cxl-vfio-pci"
exit_is 3 bind 0d:00.0
has "$err" 'not loaded' 'no module'
exit_is 0 unbind 0d:00.0
has "$out" 'is not bound to cxl-vfio-pci' 'unbound already'

# Windows
cedt 0x4d0000000:0x100000000 0x600000000:0x10000000
exit_is 0 window list --json
envelope windows 2 'two windows'
json '.windows[0] | [.index, .base, .size, .ways, .granularity, .targets,
	.flags, .reason, .device, .free_size]' \
	'[0,20669530112,4294967296,1,256,[12],null,null,null,null]' 'the first'
json '.windows[0].restrictions | length' 5 'its restrictions'
json '.windows[1].base' 25769803776 'the second'
cat >"$fix/proc/iomem" <<E
100000000-7ffffffff : Reserved
  4d0000000-5cfffffff : CXL Window 0
    4d0000000-4dfffffff : region0
    500000000-50fffffff : Soft Reserved
    51000f000-51000ffff : something
E
exit_is 0 window list --json
json '.windows[0] | [.free_base, .free_size]' '[22011707392,2952790016]' \
	'the largest free range'
json '.windows[1] | [.free_base, .free_size]' '[25769803776,268435456]' \
	'all of it is free'
exit_is 0 window list
has "$out" '0x4d0000000' 'for people'
has "$out" '256 MiB' 'with units'
exit_is 0 window list 0d:00.0
has "$err" 'not bound' 'of a device that is not bound'
printf '0-0 : a\n0-0 : b\n' >"$fix/proc/iomem"
exit_is 0 window list --json
json '.windows[0] | [.free_base, .free_size]' '[null,null]' 'hidden addresses'
printf 'rubbish\n' >"$fix/proc/iomem"
exit_is 0 window list --json
json '.windows[0].free_size' null 'a damaged /proc/iomem'

t=$fix/sys/firmware/acpi/tables/CEDT
damaged()
{
	error 1 null window list
	cedt 0x4d0000000:0x100000000 0x600000000:0x10000000
}
put "$t" 38 "$(le 2 0)"; damaged	# an entry of length 0
put "$t" 38 "$(le 2 65535)"; damaged	# beyond the end
put "$t" 44 "$(le 8 1)"; damaged	# a crooked base
put "$t" 60 "$(le 1 7)"; damaged	# no such number of ways
put "$t" 60 "$(le 1 4)"; damaged	# sixteen targets, one there
put "$t" 64 "$(le 4 9)"; damaged	# no such granularity
put "$t" 0 XEDT; damaged
truncate -s 50 "$t"; damaged
truncate -s 0 "$t"; damaged
truncate -s 200000 "$t"; damaged
rm "$t"; mkdir "$t"
error 1 null window list
rmdir "$t"

# Config space that lies
new_root
device 0000:0d:00.0 0x120000
c=$fix/sys/bus/pci/devices/0000:0d:00.0/config
for len in 0 1 64 255 256 259; do
	truncate -s $len "$c"
	exit_is 0 list --json
	json '.devices | length' 0 "a config space of $len bytes"
done
capability 0000:0d:00.0 0x100 0x23 0x100
exit_is 0 list
ok $? 'a capability that points to itself ends'
capability 0000:0d:00.0 0x100 2 0x200
capability 0000:0d:00.0 0x200 2 0x100
exit_is 0 list
capability 0000:0d:00.0 0x100 2 0xffc
capability 0000:0d:00.0 0xffc 0x23 0
exit_is 0 list --json
json '.devices | length' 0 'a DVSEC at the very end'
capability 0000:0d:00.0 0xffc 3 0x010
exit_is 0 list --json
json '.devices | length' 0 'a pointer into the legacy header'

# Attributes that lie
device 0000:0d:00.0 0x050210
d=$fix/sys/bus/pci/devices/0000:0d:00.0
for v in '' nonsense 0x 0x1ffffff -1 "$(printf '%01000d' 1)"; do
	echo "$v" >"$d/vendor"
	exit_is 0 list --json
	json '.devices[0].vendor_id' 0 "vendor '${v:0:20}'"
done
printf 'a\033[31m\001b\n' >"$d/driver_override"
exit_is 0 status 0d:00.0
has "$out" 'a?[31m?b' 'no escape sequence reaches the terminal'
ln -s driver "$d/driver"
ln -s iommu_group "$d/iommu_group"
exit_is 0 list --json
json '.devices[0].iommu_group' null 'a link to itself'
rm "$d/driver_override"
ln -s driver_override "$d/driver_override"
rm "$d/class"; mkdir "$d/class"; dvsec 0000:0d:00.0 0x100 0
exit_is 0 list --json
json '.devices[0] | [.class, .driver_override]' '[0,null]' \
	'a loop, and a folder for a file'
ln -s loop "$fix/sys/bus/pci/devices/loop"
cp -r "$d" "$fix/sys/bus/pci/devices/"$'0000:0f:00.\033[31m'
device 0000:0c:00.0 0x050210 $'dri\033[31mver'
: >"$fix/sys/bus/pci/devices/0000:00:00.0"
exit_is 0 list --json
json '.devices | [length, .[0].driver]' '[2,null]' \
	'rubbish among the devices hides none'
exit_is 3 status $'0000:0f:00.\033[31m'
has "$err" '0000:0f:00.?[31m' 'no escape sequence in an error'
rm -r "$fix/sys/bus/pci/devices/0000:0c:00.0"

# A control node that is none
mkdir -p "$fix/dev/vfio-cxl"
rm -r "$d"
device 0000:0d:00.0 0x050210 cxl-vfio-pci
exit_is 3 decoder show 0d:00.0
: >"$fix/dev/vfio-cxl/0000:0d:00.0"
error 5 null decoder show 0d:00.0
exit_is 0 status 0d:00.0 --json
json '.devices[0] | [.bound, .info, .decoders, .windows,
	.info_error.errno]' '[true,null,null,null,"ENOTTY"]' \
	'and status goes on without it'
exit_is 0 status 0d:00.0
has "$out" 'unknown because' 'and says so'
