#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file system, a caller and a terminal that mean harm: nothing hangs, nothing
# that is not text reaches the terminal, JSON is JSON, and what can't be written is
# an error.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/fixtures.sh"

export LC_ALL=C
D=0000:0d:00.0
d=$fix/sys/bus/pci/devices/$D
esc=$'\033[31m\233\r\177\xff\xc3('

# Every file that a command reads
tree()
{
	local p

	new_root
	device $D 0x050210 cxl-vfio-pci 4
	device 0000:0d:00.1 0x020000 e1000e 4
	dvsec $D 0x100 0x140
	dsn $D 0x140 0 0x1122
	echo bus >"$d/reset_method"
	mkdir -p "$fix"/{etc/{udev/rules.d,driverctl.d},lib/modules/6.12} \
		"$fix"/{dev/vfio-cxl,dev/vfio,proc/sys/kernel,run/vfio-cxl} \
		"$fix"/sys/{kernel/security,class/vfio-dev/vfio3} \
		"$fix"/sys/module/{cxl_vfio_pci,vfio_iommu_type1}/parameters \
		"$d"/{mem0,vfio-dev/vfio3} \
		"$fix"/sys/bus/cxl/devices/{region0,endpoint2/decoder2.0}
	chmod 700 "$fix/run/vfio-cxl"
	for p in clear_on_close legacy_info unsafe_no_cedt; do
		echo N >"$fix/sys/module/cxl_vfio_pci/parameters/$p"
	done
	echo N >"$fix/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
	echo 1 >"$fix/sys/module/cxl_vfio_pci/version"
	echo 6.12 >"$fix/proc/sys/kernel/osrelease"
	echo 0 >"$fix/proc/sys/kernel/tainted"
	echo vendor_id >"$fix/proc/cpuinfo"
	echo ' IR-' >"$fix/proc/interrupts"
	echo '100000000-13fffffff : System RAM' >"$fix/proc/iomem"
	echo '[none]' >"$fix/sys/kernel/security/lockdown"
	echo /cxl_pci.ko >"$fix/lib/modules/6.12/modules.dep"
	: >"$fix/lib/modules/6.12/modules.builtin"
	: >"$fix/etc/udev/rules.d/x"
	: >"$fix/etc/driverctl.d/$D"
	: >"$fix/sys/bus/pci/drivers_probe"
	: >"$fix/sys/bus/pci/drivers/cxl-vfio-pci/bind"
	: >"$fix/dev/vfio-cxl/$D"
	: >"$fix/dev/vfio/4"
	: >"$fix/dev/vfio/vfio"
	printf 'driver=e1000e\noverride=\n' >"$fix/run/vfio-cxl/$D"
	ln -s ../../mem0 "$fix/sys/bus/cxl/devices/endpoint2/uport"
	echo region0 >"$fix/sys/bus/cxl/devices/endpoint2/decoder2.0/region"
	echo 0x4d0000000 >"$fix/sys/bus/cxl/devices/region0/resource"
	echo 0x10000000 >"$fix/sys/bus/cxl/devices/region0/size"
	echo 7 >"$d/mem0/serial"
	cedt 0x4d0000000:0x100000000
}

# refused CODE ARGUMENT...: and nothing that is no text is told
refused()
{
	local want=$1 words

	shift
	run "$@"
	words=${*@Q}
	[[ $err == *[^$'\n'\ -~]* ]] && code+=', and no text'
	is "$code" "$want" "exit $want: ${words:0:120}"
}

is_object() { jq -se 'map(type) == ["object"]' "$1" >/dev/null 2>&1; }

# One after the other, in the tree of the moment: what is wrong is told, in a line.
# It is a failure of its own when a command needs more than 10 s or dies, or when
# what it says with --json is no object: a complaint on stderr, else on stdout.
commands=(list 'list --json' "status $D" "status $D --json" doctor
	'doctor --json' "bind $D --dry-run --force" "unbind $D" version
	'window list' "mem test $D")
bad_commands()
{
	local c said

	for c in "${commands[@]}"; do
		# shellcheck disable=SC2086 # words
		timeout -s KILL 10 "$VFIO_CXL" $c >"$tap_tmp/out" \
			2>"$tap_tmp/err" </dev/null
		code=$?
		# Those of vfio-cxl(1) that a file can bring about
		[[ $code == [01345] ]] || echo "$c: exit $code"
		if LC_ALL=C grep -qaP '[^\n -~]' "$tap_tmp/out" "$tap_tmp/err"
		then
			echo "$c: not text"
		fi
		said=err
		[[ $code -ne 0 && -s $tap_tmp/err ]] || said=out
		[[ $c != *--json ]] || is_object "$tap_tmp/$said" ||
			echo "$c: exit $code, and no object"
	done
}

# replaced KIND: each file of the tree is none, but what KIND makes
replaced()
{
	local file files n=0

	tree
	mapfile -t files < <(cd "$fix" && find . -type f | sort)
	for file in "${files[@]}"; do
		rm -rf "${fix:?}/$file"
		"$1" "$fix/$file"
		n=$((n + 1))
	done
	[[ $n -ge 40 ]]
	ok $? "$1: all of $n files"
	is "$(bad_commands)" '' "$1: no command hangs, dies, or passes it on"
}

fifo() { mkfifo "$1"; }
loop() { ln -s "${1##*/}" "$1"; }
endless() { ln -s /dev/zero "$1"; }
folder() { mkdir "$1"; }
empty() { : >"$1"; }
# A MiB, without an end of line
huge() { head -c 1M /dev/zero | tr '\0' 9 >"$1"; }
binary() { head -c 4096 "$VFIO_CXL" >"$1"; }
escapes() { printf '%s\n%s' "$esc" "$esc" >"$1"; }
for kind in fifo loop endless folder empty huge binary escapes; do
	replaced "$kind"
done
# And one by one, where a FIFO would be waited for. Each in a tree of its own: the
# commands change it
one_by_one()
{
	local file files kept=$tap_tmp/kept

	tree
	mv "$fix" "$kept"
	mapfile -t files < <(cd "$kept" && find . -type f | sort)
	for file in "${files[@]}"; do
		rm -rf "$fix"
		cp -a "$kept" "$fix"
		rm "$fix/$file"
		fifo "$fix/$file"
		bad_commands | sed "s|^|$file: |"
	done
}
commands=(doctor "unbind $D --force" "bind $D")
is "$(one_by_one)" '' 'a FIFO in the place of each file, one at a time'

# Names of files, and links out of the tree
tree
cxl=$fix/sys/bus/cxl/devices
echo Y >"$fix/sys/module/cxl_vfio_pci/parameters/unsafe_$esc"
mkdir -p "$cxl/region$esc" "$cxl/endpoint$esc" "$cxl/decoder$esc" \
	"$cxl/endpoint2/decoder2.$esc" "$cxl/dax_region0/dax0.$esc" \
	"$fix/sys/bus/pci/devices/$esc" "$d/vfio-dev/vfio$esc" "$d/mem$esc" \
	"$fix/sys/bus/dax/devices/dax0.$esc/driver"
: >"$fix/sys/kernel/iommu_groups/4/devices/$esc"
: >"$fix/etc/udev/rules.d/$esc"
: >"$fix/sys/bus/pci/devices/"$'two\nlines'
ln -sfn "/$esc" "$fix/sys/bus/pci/devices/0000:0d:00.1/driver"
commands=(list 'list --json' "status $D" "status $D --json" doctor
	'doctor --json' "bind $D --dry-run --force" "bind $D")
is "$(bad_commands)" '' 'names with escape sequences, lines and bytes'
run doctor
has "$out" 'unsafe_?[31m??' 'a name is shown without them'
run doctor --json
json '.checks | map(select(.check == "unsafe")) |
	[length, (.[0].text | test("^[ -~]*$"))]' '[1,true]' 'as JSON too'
tree
ln -sfn ../../../../../../../../.. "$d/driver"
ln -sfn .. "$d/iommu_group"
ln -sfn ../../../../../../../../../tmp "$fix/sys/class/vfio-dev/vfio3/device"
exit_is 0 status "$D" --json
json '.devices[0] | [.driver, .iommu_group]' '[null,null]' \
	'what a link ends in is no driver if it can be none'
exit_is 3 status vfio3
ln -sfn "../../../../$D" "$fix/sys/bus/pci/devices/loop"
ln -sfn "$fix" "$fix/sys/bus/pci/devices/root"
exit_is 0 list

# What the caller gives: numbers, names and options of any kind
tree
for s in 18446744073709551615G 17179869184G 16777216T 0x10000000000000000 \
	 99999999999999999999 0xffffffffffffffffK -0 +1 1e3 1_000 1,5 '1 ' '1 G' \
	 1GG 1Gi 1GB G 0xG 1K0 $'1\n' $'1G\033[2J' $'1\xff' \
	 "$(printf '9%.0s' {1..5000})"; do
	refused 2 mem test "$D" --dry-run --size "$s"
	refused 2 decoder guest set "$D" -- "$s"
done
for s in -1 18446744073709551616 0x 0x10000000000000000 1x ' 1' $'1\n' 1e9 '' \
	 "$(printf '1%.0s' {1..5000})"; do
	refused 2 dc release "$D" --offer "$s"
	refused 2 dc release "$D" --extent "$s"
	refused 2 dc deadline "$D" -- "$s" 5
	refused 2 dc deadline "$D" -- 1 "$s"
	refused 2 monitor --count "$s"
	refused 2 dc list --wait="$s"
done
# As many as an argument holds: it is asked of the driver, which is none
refused 5 dc release "$D" --extent "$(printf '1,%.0s' {1..65000})1"
for s in 6ba7b8109dad11d180b400c04fd430c8 '{6ba7b810-9dad-11d1-80b4-00c04fd430c8}' \
	 6ba7b810-9dad-11d1-80b4-00c04fd430c8x 6ba7b810-9dad-11d1-80b4-00c04fd430c \
	 6ba7b810-9dad-11d1-80b4-00c04fd430cg 6ba7b810-9dad-11d1-80b400c04-fd430c8 \
	 urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8 -- '' '*' \
	 00000000-0000-0000-0000-000000000000 \
	 $'6ba7b810-9dad-11d1-80b4-00c04fd430c\n' \
	 $'6ba7b810-9dad-11d1-80b4-00c04fd430c8\n'; do
	refused 2 dc status "$D" "$s"
	refused 2 backend create "$D" "$s" --size 2M
done
# Capital letters are the same tag: it gets as far as the driver, which is none
refused 5 dc status "$D" 6BA7B810-9DAD-11D1-80B4-00C04FD430C8
long=$(printf 'x%.0s' {1..50000})
for w in "$long" "$esc$esc" $'a\nb' "$(printf '\x80\xc3(')" 'a"b\c'; do
	refused 3 status --json -- "$w"
	json_err '.error.object | test("^[ -~]+$")' true \
		"a name of ${#w} characters, told as JSON"
	refused 2 --json -- "$w"
	refused 2 list --json "--$w"
	refused 2 list --json "--$w=$w"
	refused 2 help --json "$w"
	json_err '.error.exit' 2 'a complaint is JSON'
	refused 2 backend create "$D" 6ba7b810-9dad-11d1-80b4-00c04fd430c8 \
		--size 2M --fill "$w" --json --region 3
	run backend create "$D" 6ba7b810-9dad-11d1-80b4-00c04fd430c8 --size 2M \
		--fill "$w" --json
	[[ $code == [13] ]]
	ok $? 'a file that is not there, or can not be'
	json_err '.error.object | test("^[ -~]+$")' true 'its name is told as JSON'
done
# The last of several counts
refused 2 mem test "$D" --size 2M --size x --dry-run
refused 2 decoder program "$D" --size x --size 0
# shellcheck disable=SC2046 # words
refused 2 status $(printf 'w%.0s ' {1..40})
# shellcheck disable=SC2046
refused 2 monitor $(printf 'w%.0s ' {1..40})

# Closed descriptors, in every combination: what is opened takes no place of theirs
tree
ln -sfn ../../drivers/e1000e "$d/driver"
: >"$fix/sys/bus/pci/drivers/e1000e/bind"
for n in 1 2 3 4 5 6 7; do
	for c in doctor "bind $D --force --verbose" "unbind $D --verbose"; do
		(
			((n & 1)) && exec <&-
			((n & 2)) && exec >&-
			((n & 4)) && exec 2>&-
			# shellcheck disable=SC2086 # words
			exec "$VFIO_CXL" $c
		) >"$tap_tmp/out" 2>"$tap_tmp/err"
		code=$?
		[[ $code -lt 9 ]]
		ok $? "$c without descriptors: bits $n" || echo "# exit $code"
	done
done
is "$(grep -rlE 'vfio-cxl: |^  (ok|warn|fail) ' "$fix")" '' \
	'no file got what was to be printed'

# Output that can't be written, by each command that prints any
commands=(list 'list --json' "status $D" "status $D --json" version help
	'help bind' 'help --completion bash' 'window list --json'
	"bind $D --dry-run --force")
# Its reader has gone before anything is written
mkfifo "$tap_tmp/gone"
exec 8<>"$tap_tmp/gone"
exec 7>"$tap_tmp/gone" 8>&-
for c in "${commands[@]}"; do
	# shellcheck disable=SC2086 # words
	"$VFIO_CXL" $c >/dev/full 2>"$tap_tmp/err"
	is "$?, $(grep -c 'No space left' "$tap_tmp/err")" '1, 1' "full: $c"
	# shellcheck disable=SC2086
	"$VFIO_CXL" $c >&7 7>&- 2>"$tap_tmp/err"
	is "$?, $(grep -c 'Broken pipe' "$tap_tmp/err")" '1, 1' "nobody reads: $c"
done
exec 7>&-
# Nobody to complain to either
"$VFIO_CXL" nonsense >/dev/full 2>/dev/full
is $? 2 'a complaint that can not be written'

# Not enough of anything: a complaint, or the same answer as with enough
declare -A answer
limited()
{
	case $code in
	0)	[[ $out == "${answer[$2]}" ]] ;;
	1 | 127) [[ -n $err && -z $out ]] ;;
	*)	false ;;
	esac
	ok $? "$1: $2" || echo "# exit $code"
}
for c in "${commands[@]}"; do
	# shellcheck disable=SC2086 # words
	run $c
	answer[$c]=$out
	for n in 3 4 5 6 8; do
		# shellcheck disable=SC2086
		(ulimit -n "$n"; exec "$VFIO_CXL" $c) >"$tap_tmp/out" \
			2>"$tap_tmp/err"
		taken $?
		limited "$n descriptors" "$c"
	done
done
# Address space: from what does not even load to what is enough for any build. One
# that counts what runs has code at its end that takes each allocation for granted
c='list --json'
n=2000
! grep -q __gcov_ "$VFIO_CXL" || n=64000
for (( ; n <= 256000; n += n < 8000 ? 500 : n)); do
	# shellcheck disable=SC2086 # words
	(ulimit -v "$n"; exec "$VFIO_CXL" $c) >"$tap_tmp/out" 2>"$tap_tmp/err"
	taken $?
	limited "$n KiB of address space" "$c"
done
is "$code" 0 'the last of which are enough'
# Hostile environments
tree
run status "$D" --json
want=$out
for e in "LC_ALL=$esc" "LANGUAGE=$long" COLUMNS=999999999999 "TERM=$esc" \
	 POSIXLY_CORRECT=1 "TZ=$long"; do
	env "$e" "$VFIO_CXL" status "$D" --json >"$tap_tmp/out" 2>"$tap_tmp/err"
	taken $?
	is "$code, $err, $out" "0, , $want" "with ${e%%=*} set"
done
env -i "$VFIO_CXL" version --json >"$tap_tmp/out" 2>"$tap_tmp/err"
taken $?
envelope versions 1 'without an environment'
for root in "$esc" '' relative; do
	VFIO_CXL_SYSROOT=$root refused 3 status 0000:7f:1f.7
done
for root in "$long" /dev/null; do
	VFIO_CXL_SYSROOT=$root refused 1 status 0000:7f:1f.7
done
