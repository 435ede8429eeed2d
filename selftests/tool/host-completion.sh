#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion in bash: every command of the table, word by word, as readline
# asks for it.
# shellcheck disable=SC2030,SC2031 # set for readline in a subshell, on purpose

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"

script=$tap_tmp/vfio-cxl.bash
"$VFIO_CXL" help --completion bash >"$script"
is $? 0 'the tables'
cat "$top/tools/vfio-cxl/completion.bash" >>"$script"
bash -n "$script"
ok $? 'a script' || exit
exit_is 2 help --completion zsh
has "$err" 'bash only' 'no other shell'
exit_is 2 help --completion bash --json
exit_is 2 help --completion bash list
exit_is 2 help --completion

new_root
device 0000:0d:00.0 0x050210
device 0000:0e:00.0 0x120000 cxl-vfio-pci
device 0001:0f:00.0 0x120000
echo cxl-vfio-pci >"$fix/sys/bus/pci/devices/0001:0f:00.0/driver_override"
device 0000:10:00.0 0x020000 e1000e
cp -r "$fix/sys/bus/pci/devices/0000:0d:00.0" \
	"$fix/sys/bus/pci/devices/\$(touch evil)"
devices='0000:0d:00.0 0000:0e:00.0 0001:0f:00.0'

# after LINE: what is offered, as it would stand on the line, sorted
after()
{
	(
		local at

		cd "$tap_tmp" || exit
		# shellcheck source=../../tools/vfio-cxl/completion.bash
		. "$script"
		COMP_LINE=$1 COMP_POINT=${#1}
		# As bash has them, which cuts at these
		COMP_WORDBREAKS=$' \t\n"'"'"'><=;|&(:'
		read -ra COMP_WORDS <<<"${1//:/ : }"
		[[ $1 != *' ' ]] || COMP_WORDS+=('')
		# shellcheck disable=SC2034 # completion may use it
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_vfio_cxl vfio-cxl
		at=${1##*[ :=]}
		for i in "${COMPREPLY[@]}"; do
			[[ $i == "$at"* ]] || echo "WRONG:$i"
		done
		printf '%s\n' "${COMPREPLY[@]}"
	) | sort | paste -sd' '
}

# What readline will be asked with, set up by "complete"
# shellcheck source=../../tools/vfio-cxl/completion.bash
is "$(. "$script"; complete -p vfio-cxl)" 'complete -F _vfio_cxl vfio-cxl' \
	'it is registered'

run help --json
table=$out
mapfile -t names < <(jq -r '.commands[] | [.noun, .verb // empty] |
	join(" ")' <<<"$table")
[[ ${#names[@]} -ge 15 ]]
ok $? 'there are commands'
is "$(after 'vfio-cxl ')" \
	"$(printf '%s\n' "${names[@]%% *}" | sort -u | paste -sd' ')" \
	'all first words'

for name in "${names[@]}"; do
	read -ra words <<<"$name"
	line=vfio-cxl
	# Each word of it is offered when the ones before are there
	for w in "${words[@]}"; do
		offered=" $(after "$line ") "
		has "$offered" " $w " "'$line ' offers $w"
		is "$(after "$line ${w::1}" | tr ' ' '\n' | grep -cx "$w")" 1 \
			"'$line ${w::1}' does"
		line+=" $w"
	done
	record=$(jq -c --arg name "$name" '.commands[] |
		select(([.noun, .verb // empty] | join(" ")) == $name)' \
		<<<"$table")
	options=$(jq -r '["help", "json", "verbose"] + .options | sort[] |
		"--" + .' <<<"$record" | sort | paste -sd' ')
	is "$(after "$line -")" "$options" "options of $name"
	is "$(after "$line --json -")" \
		"$(tr ' ' '\n' <<<"$options" | grep -vx -- --json | paste -sd' ')" \
		"none twice: $name"
	case $(jq -r '.args // ""' <<<"$record") in
	*DEV...*)
		is "$(after "$line ")" "$devices" "devices for $name"
		is "$(after "$line 0000:0d:00.0 0000:0e:00.0 ")" "$devices" \
			"and more of them: $name" ;;
	*DEV*)
		is "$(after "$line ")" "$devices" "devices for $name"
		is "$(after "$line --json ")" "$devices" "after a flag too"
		is "$(after "$line 0000:0d:00.0 ")" '' "and only one: $name"
		is "$(after "$line 0000:0d:00.0 -")" "$options" \
			"options of $name, behind it" ;;
	'[COMMAND]')
		is "$(after "$line ")" "$(after 'vfio-cxl ')" \
			"commands for $name" ;;
	'')	is "$(after "$line ")" '' "nothing for $name" ;;
	*)	ok 1 "$name takes what this test does not know" ;;
	esac
done

# Addresses: readline hands over what is behind the last colon
is "$(after 'vfio-cxl status 0000:0')" '0d:00.0 0e:00.0' 'behind a colon'
is "$(after 'vfio-cxl status 0000:0d:')" '00.0' 'behind two'
is "$(after 'vfio-cxl status 0d')" '0d:00.0' 'a short address'
is "$(after 'vfio-cxl status 0d:0')" '00.0' 'behind its colon'
is "$(after 'vfio-cxl status 10')" '' 'no device of another kind'
is "$(after 'vfio-cxl decoder guest')" guest 'a second word of three'
is "$(after 'vfio-cxl decoder guest ')" 'clear set' 'the third'
is "$(after 'vfio-cxl help decoder guest ')" 'clear set' 'also of help'
is "$(after 'vfio-cxl nonsense ')" '' 'nothing after nonsense'
is "$(after 'vfio-cxl -')" '--help --json --verbose' 'options before all'
is "$(after 'vfio-cxl --json status ')" "$devices" 'an option before a command'

# Values
is "$(after 'vfio-cxl decoder program --base ')" auto 'a value'
is "$(after 'vfio-cxl decoder program --base=')" auto 'behind its sign'
is "$(after 'vfio-cxl decoder program --size ')" '' 'none to choose from'
is "$(after 'vfio-cxl decoder program --size 1G ')" "$devices" \
	'a value is no device'
is "$(after 'vfio-cxl decoder program --size=1G ')" "$devices" 'nor this'
is "$(after 'vfio-cxl dc accept --wait ')" "$devices" 'none that it must have'
is "$(after 'vfio-cxl dc accept --reach ')" 'app device' 'two'
is "$(after 'vfio-cxl status -- -')" '' 'no options behind --'
is "$(after 'vfio-cxl help --completion ')" bash 'itself'

# A program that is to be run, and what is its own
tag=6ba7b810-9dad-11d1-80b4-00c04fd430c8
is "$(after "vfio-cxl dc run 0d:00.0 $tag mkfif")" mkfifo 'a program'
is "$(after "vfio-cxl dc run 0d:00.0 $tag --ro -- mkfif")" mkfifo 'behind options'
is "$(after "vfio-cxl dc run 0d:00.0 $tag --r")" --ro 'an option before it'
: >"$tap_tmp/--ro.txt"
is "$(after "vfio-cxl dc run 0d:00.0 $tag mkfifo --r")" --ro.txt \
	'behind it there are files, and no options'
is "$(after "vfio-cxl dc run 0d:00.0 $tag mkfifo --size --r")" --ro.txt \
	'nor values of options'

# No sysfs; names that are commands
[[ ! -e $tap_tmp/evil ]]
ok $? 'no name was evaluated'
rm -rf "$fix"
is "$(after 'vfio-cxl status ')" '' 'no devices at all'
