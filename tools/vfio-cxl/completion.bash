# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # the tables, printed by the command
#
# Completes the commands of vfio-cxl, their options and devices, from what
# "vfio-cxl help --completion bash" prints; the build puts that before this.

# CXL memory devices by class, driver or driver_override
__vfio_cxl_devices()
{
	local d class override

	for d in "${VFIO_CXL_SYSROOT-}"/sys/bus/pci/devices/*; do
		[[ ${d##*/} != *[!0-9a-fA-F:.]* ]] || continue
		class='' override=''
		[[ ! -r $d/class ]] || read -r class <"$d/class"
		[[ ! -r $d/driver_override ]] ||
			read -r override <"$d/driver_override"
		if [[ $class == 0x0502* || $override == cxl-vfio-pci ||
		      $d/driver -ef $d/../../drivers/cxl-vfio-pci ]]; then
			echo "${d##*/}"
		fi
	done
}

# __vfio_cxl_next WORD...: what may follow these, the first of a command
__vfio_cxl_next()
{
	local name rest

	while IFS='|' read -r name rest; do
		[[ "$name " != "${*:+$* }"?* ]] || {
			name=${name#"${*:+$* }"}
			echo "${name%% *}"
		}
	done <<<"$__vfio_cxl_commands"
}

# What --OPTION takes: words; nothing for what has none. Fails for a flag.
__vfio_cxl_values()
{
	local line

	while read -r line; do
		[[ ${line%%=*} != "$1" ]] || {
			echo "${line#*=}"
			return 0
		}
	done <<<"$__vfio_cxl_options"
	return 1
}

# __vfio_cxl_offer WORDS CUR
__vfio_cxl_offer()
{
	local breaks='' word

	# compgen would evaluate what the words are made of
	while read -r word; do
		[[ -z $word || $word != "$2"* ]] || COMPREPLY+=("$word")
	done < <(tr -s ' ' '\n' <<<"$1" | sort -u)
	# Bash takes what follows one of these for a word of its own
	[[ $COMP_WORDBREAKS != *:* ]] || breaks+=:
	[[ $COMP_WORDBREAKS != *=* ]] || breaks+='='
	if [[ -n $breaks && $2 == *["$breaks"]* ]]; then
		word=${2%"${2##*["$breaks"]}"}
		COMPREPLY=("${COMPREPLY[@]#"$word"}")
	fi
}

# __vfio_cxl_offer_devices CUR: with their domain, or else without
__vfio_cxl_offer_devices()
{
	local devices

	devices=$(__vfio_cxl_devices)
	__vfio_cxl_offer "$devices" "$1"
	[[ ${#COMPREPLY[@]} -gt 0 ]] ||
		__vfio_cxl_offer "${devices//0000:/}" "$1"
}

# __vfio_cxl_command WORD...: the row of the command that they begin with;
# $args and $options are the caller's, $taken words are its name
__vfio_cxl_command()
{
	local row a o name

	while IFS='|' read -r row a o; do
		[[ "$* " == "$row "* ]] || continue
		read -ra name <<<"$row"
		args=$a options=$o taken=${#name[@]}
		return 0
	done <<<"$__vfio_cxl_commands"
	return 1
}

_vfio_cxl()
{
	local line=${COMP_LINE:0:COMP_POINT} typed words=() given=' '
	local cur option='' plain='' args='' options=$__vfio_cxl_always
	local taken=0 i w

	COMPREPLY=()
	# Not COMP_WORDS: a PCI address is several of those
	read -ra typed <<<"$line"
	[[ $line != *[[:space:]] ]] || typed+=('')
	cur=${typed[${#typed[@]}-1]}
	for ((i = 1; i < ${#typed[@]} - 1; i++)); do
		w=${typed[i]}
		if [[ -n $option ]]; then
			option=''
		elif [[ -z $plain && $w == -- ]]; then
			plain=yes
		elif [[ -z $plain && $w == -* ]]; then
			given+="${w%%=*} "
			[[ $w == *=* ]] || ! __vfio_cxl_values "$w" >/dev/null ||
				option=$w
		else
			words+=("$w")
		fi
	done
	__vfio_cxl_command "${words[@]}"
	read -ra typed <<<"$args"
	i=$((${#words[@]} - taken))
	if [[ $args == *CMD* && $i -ge 2 && ($i -gt 2 || $cur != -*) ]]; then
		# A program, or what is the program's
		w=-f
		[[ $i -gt 2 ]] || w=-c
		mapfile -t COMPREPLY < <(compgen $w -- "$cur" | sort -u)
		compopt -o filenames 2>/dev/null
	elif [[ -n $option ]]; then
		__vfio_cxl_offer "$(__vfio_cxl_values "$option")" "$cur"
	elif [[ -z $plain && $cur == --*=* ]]; then
		w=''
		for i in $(__vfio_cxl_values "${cur%%=*}"); do
			w+="${cur%%=*}=$i "
		done
		__vfio_cxl_offer "$w" "$cur"
	elif [[ -z $plain && $cur == -* ]]; then
		w=''
		for i in $options; do
			[[ $given == *" $i "* ]] || w+="$i "
		done
		__vfio_cxl_offer "$w" "$cur"
	elif [[ $taken -eq 0 ]]; then
		__vfio_cxl_offer "$(__vfio_cxl_next "${words[@]}")" "$cur"
	elif [[ $args == '[COMMAND]' ]]; then
		__vfio_cxl_offer "$(__vfio_cxl_next "${words[@]:taken}")" \
			"$cur"
	else
		# The last one may be repeated
		[[ $args != *DEV...* || $i -lt ${#typed[@]} ]] ||
			i=$((${#typed[@]} - 1))
		w=${typed[i]-}
		[[ $w != *DEV* ]] || __vfio_cxl_offer_devices "$cur"
	fi
}

complete -F _vfio_cxl vfio-cxl
