# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
#
# The checks, each after the fault that is planted for it. Sourced by "gates",
# which says what they get and what they leave; $out is where to build.

linux=/usr/src/linux

# What only W=1 and only sparse would see.
plant_module()
{
	planted=("$out/planted/planted.c")
	wants=('planted\.c:.*set but not used'
	       'planted\.c:.*dereference of noderef'
	       'planted\.c:.*incorrect type')
	echo 'obj-m := planted.o' >"$out/planted/Kbuild"
	cat >"${planted[0]}" <<-END
	// SPDX-License-Identifier: GPL-2.0-only
	#include <linux/module.h>

	int planted_read(int __user *from);

	int planted_read(int __user *from)
	{
		int unused;
		__le32 little = 1;

		unused = *from;
		return (__force int)little;
	}
	MODULE_DESCRIPTION("planted");
	MODULE_LICENSE("GPL");
	END
}

# module KERNEL ARCH FILE...: what is built is the tree these files are in. Each
# time anew: a warning is given once, when its file is compiled.
module()
{
	local kver arch=$2 tree log cross=() count

	kver=$(cat "/usr/lib/vfio-cxl/kver-$1")
	shift 2
	tree=$out/module
	rm -rf "$tree"
	mkdir -p "$tree"
	if [[ $1 == "$out"/planted/* ]]; then
		cp "$out"/planted/* "$tree/"
	else
		cp -R Kbuild VERSION drivers include "$tree/"
	fi
	[[ $arch == amd64 ]] ||
		cross=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	make -j"$(nproc)" -C "/usr/lib/modules/${kver%-amd64}-$arch/build" \
		M="$tree" "${cross[@]}" CONFIG_DEBUG_INFO_BTF_MODULES= \
		CONFIG_CXL_VFIO_PCI_FAULTS=y W=1 C=2 modules 2>&1 | tee "$out/module.log"
	[[ ${PIPESTATUS[0]} -eq 0 ]] || return

	# The kernel's Makefile leaves sparse out when it doesn't like it.
	count=$(grep -c '^  CHECK ' "$out/module.log")
	[[ $count -eq $# ]] ||
		{ echo "sparse saw $count of $# files"; return 1; }
	# Debian's compiler may have moved on since it built the kernel.
	! grep -iE '(warning|error):' "$out/module.log" |
		grep -qv 'warning: the compiler differs'
}

# One for each file that is made of it.
plant_generated()
{
	planted=("$out/planted/planted.yaml")
	wants=('VFIO_CXL_CMD_PLANTED_GET = 1'
	       '^\+int vfio_cxl_nl_planted_get_doit'
	       'doit.*= vfio_cxl_nl_planted_get_doit')
	sed 's/name: device-get/name: planted-get/' \
		Documentation/netlink/specs/vfio-cxl.yaml >"${planted[0]}"
}

# generate FILE OPTION...: by the kernel's generator; is it what is committed?
generate()
{
	local file=$1

	shift
	timeout 60 $linux/tools/net/ynl/pyynl/ynl_gen_c.py "$@" \
		--spec "$out/netlink/Documentation/netlink/specs/vfio-cxl.yaml" \
		-o "$out/netlink/${file##*/}" &&
		diff -u "$file" "$out/netlink/${file##*/}"
}

# What is made of a specification; it is left for whoever changed that.
generated()
{
	local tree=$out/netlink bad=0

	rm -rf "$tree"
	mkdir -p "$tree/Documentation/netlink/specs"
	# By that it finds the kernel's tree
	touch "$tree/MAINTAINERS"
	cp $linux/Documentation/netlink/genetlink.yaml \
		"$tree/Documentation/netlink/"
	cp "$1" "$tree/Documentation/netlink/specs/vfio-cxl.yaml"
	generate include/uapi/linux/vfio_cxl_netlink.h --mode uapi --header ||
		bad=1
	generate drivers/vfio/pci/cxl/netlink_gen.h --mode kernel --header ||
		bad=1
	generate drivers/vfio/pci/cxl/netlink_gen.c --mode kernel --source ||
		bad=1
	return $bad
}

plant_programs()
{
	planted=("$out/planted/planted.h")
	wants=('planted\.h:.*unused-function')
	echo 'static int planted(void) { return 0; }' >"${planted[0]}"
}

# programs FOLDER FILE...: what its own Makefile warns of.
programs()
{
	local dir=$1 cflags='-O2 -Werror'

	[[ $2 != "$out"/planted/* ]] || cflags+=" -include $2"
	rm -rf "$out/programs"
	make -s -j"$(nproc)" -C "$dir" CFLAGS="$cflags" O="$out/programs" all
}

plant_layout()
{
	planted=("$out/planted/planted.h")
	wants=('__u64 +late;' 'error: .*declaration does not declare')
	cat >"${planted[0]}" <<-END
	#ifndef PLANTED_H
	#define PLANTED_H
	#include <linux/types.h>

	struct vfio_cxl_planted {
		__u32 class;
		__u64 late;
	};
	#endif
	END
}

# $1: a compiler and its options, $2: a header. Prints its structs, which have
# the project's prefix.
layout_of()
{
	local object=$out/layout.o

	# Alone, and twice. As the kernel checks its own: old C, strictly.
	# shellcheck disable=SC2086 # words
	$1 -std=c90 -Wall -Wextra -Werror -g -fno-eliminate-unused-debug-types \
		-include "$top/${2#"$top/"}" -include "$top/${2#"$top/"}" \
		-x c -c -o "$object" /dev/null || return
	# The words that say why a member is where it is differ, not where.
	pahole -F dwarf "$object" |
		awk '/^struct / { ours = $2 ~ /^vfio_cxl_/ } ours' |
		sed 's/ __attribute__((__aligned__(.*)))//' |
		grep -v 'forced alignments'
}

layout()
{
	local header compiler want got bad=0

	for header in "$@"; do
		g++ -std=c++98 -Wall -Wextra -Werror -fsyntax-only \
			-include "$top/${header#"$top/"}" -x c++ /dev/null || bad=1
		# It has numbers only, as C has them too
		[[ $header != */vfio_cxl_netlink.h ]] || continue
		want=$(layout_of 'gcc -m64' "$header") || bad=1
		[[ $want == *struct* ]] || { echo "$header: no struct"; bad=1; }
		# There is no 32 bit C library here, nor is one needed.
		for compiler in 'gcc -m32 -I/usr/include/x86_64-linux-gnu' \
				aarch64-linux-gnu-gcc; do
			got=$(layout_of "$compiler" "$header") || bad=1
			diff <(echo "$want") <(echo "$got") ||
				{ echo "$header: other layout: $compiler"; bad=1; }
		done
	done
	return $bad
}

# Two that --strict alone finds and plain checkpatch.
plant_checkpatch()
{
	planted=("$out/planted/planted.c")
	wants=(ERROR:TRAILING_WHITESPACE CHECK:COMPARISON_TO_NULL
	       WARNING:SPACING)
	printf '%s\n' '// SPDX-License-Identifier: GPL-2.0-only' \
		'int planted(int *a)' '{' '	int b; ' '' \
		'	if (a == NULL)' '		return 1 ;' \
		'	return 0;' '}' >"${planted[0]}"
}

# What makes no sense out of the kernel's tree, or before its newest release.
# The driver is for 6.12 too, which has no kzalloc_obj(). Its locks are described
# in the kernel-doc of their structs.
ignored_driver=ALLOC_WITH_SIZEOF,UNCOMMENTED_DEFINITION
# To ask for the version is this file's one purpose.
ignored_compat=$ignored_driver,LINUX_VERSION_CODE,CONSTANT_COMPARISON
# TRACE_EVENT() is laid out as a struct, not as a call.
ignored_trace=$ignored_driver,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
# Its PM operations are the core's, which can be had only at run time, and ours.
ignored_recovery=$ignored_driver,CONST_STRUCT
# Programs have uint32_t, C11's _Noreturn and an execv() that wants a char *[];
# not u32, BIT(), __printf(), readl(), strscpy(). A member's name can't be in
# parentheses, as a macro's other arguments are.
ignored_program=PREFER_KERNEL_TYPES,CAMELCASE,STATIC_CONST_CHAR_ARRAY,BIT_MACRO
ignored_program+=,PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE,STRCPY
ignored_program+=,MACRO_ARG_PRECEDENCE
# What a user reads stays in one piece, for grep; ENOSYS is among it; msleep()
# is their own, and bed() what runs the command "bed".
ignored_program+=,LONG_LINE_STRING,ENOSYS,MSLEEP,EMBEDDED_FUNCTION_NAME

# The harness's macros: FIXTURE_DATA(x) *y is read as a product, and its variants
# are made by macros around macros.
ignored_harness=$ignored_program,SPACING,COMPLEX_MACRO,MACRO_ARG_REUSE
# JSON in C strings, and a program that has no header of the kernel's.
ignored_harness+=,SPLIT_STRING,ARRAY_SIZE,MACRO_WITH_FLOW_CONTROL
ignored_harness+=,MULTISTATEMENT_MACRO_USE_DO_WHILE

# checkpatch driver|program FILE...
checkpatch()
{
	local kind=$1 file ignored bad=0
	local -A group=()

	shift
	for file in "$@"; do
		case $file in
		*/compat.h)	group[compat]+=$file$'\n' ;;
		*/recovery.c)	group[recovery]+=$file$'\n' ;;
		*/trace.h)	group[trace]+=$file$'\n' ;;
		*/uapi/*.c|*/fault/*.c|*/kunit/harness.h|*/unit/dcd_bench.h|\
		*/unit/test_dcd_traces.c|*/unit/shim/*|*/record/*.c)
				group[harness]+=$file$'\n' ;;
		*)		group[$kind]+=$file$'\n' ;;
		esac
	done
	# Where it may leave its cache, and finds no history to ask about names.
	mkdir -p "$out/tree"
	ln -sfn "$top"/{drivers,include,tools,selftests} "$out/tree/"
	cd "$out/tree" || return
	for kind in "${!group[@]}"; do
		ignored=ignored_$kind
		printf %s "${group[$kind]}" |
			xargs -d '\n' -P"$(nproc)" -n8 \
				perl $linux/scripts/checkpatch.pl --no-tree \
				--root=. --strict --terse --show-types \
				--no-summary --ignore "${!ignored}" -f || bad=1
	done
	cd "$top" || return
	return $bad
}

plant_kernel_doc()
{
	planted=("$out/planted/planted.c")
	wants=("parameter 'b' not described" "return value of 'planted'")
	cat >"${planted[0]}" <<-END
	/**
	 * planted() - lacks a parameter
	 * @a: is here
	 */
	int planted(int a, int b)
	{
		return a + b;
	}
	END
}

kernel_doc()
{
	$linux/tools/docs/kernel-doc -none -Wall -Werror "$@"
}

plant_shell()
{
	planted=("$out/planted/planted.sh")
	wants=(SC2086)
	# shellcheck disable=SC2016 # nothing is to expand here
	printf '#!/bin/bash\nrm $1\n' >"${planted[0]}"
}

shell()
{
	# SC2319: tests are written as "[[ a condition ]]; ok $? what"
	shellcheck -x -P SCRIPTDIR -f gcc -e SC2319 "$@"
}

plant_python()
{
	planted=("$out/planted/planted.py")
	wants=("'os' imported but unused" "undefined name 'missing'")
	printf 'import os\nprint(missing)\n' >"${planted[0]}"
}

python()
{
	pyflakes3 "$@"
}

plant_man()
{
	planted=("$out/planted/planted.1")
	wants=('unknown macro' 'WARNING:')
	printf '.Dd\n.Dt PLANTED 1\n.Os\n.Sh NAME\n.Nm planted\n.Xyz\n' \
		>"${planted[0]}"
}

# Less than a warning is whether the pages referred to are installed here.
man()
{
	mandoc -Tlint -Wwarning "$@"
}

plant_rst()
{
	planted=("$out/planted/planted.rst")
	wants=('underline too short')
	printf 'A title\n=====\n\nText.\n' >"${planted[0]}"
}

rst()
{
	local file bad=0

	for file in "$@"; do
		rst2html --strict "$file" /dev/null || bad=1
	done
	return $bad
}
