#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library as others find it: installed, through pkg-config, with the symbols
# and the sizes that it promises, and with manuals that tell the truth.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fake.sh"
# shellcheck disable=SC2154 # tap_tmp and fix are of those
manual=$top/Documentation/man/libvfio-cxl.3
soname=libvfio-cxl.so.1
# Before the search path is ours alone
build_fake
ok $? 'the fake driver builds' || exit

dest=$tap_tmp/dest
prefix=$dest/opt/cxl
make -s -C "$top/tools/vfio-cxl" O="$tap_tmp/o" DESTDIR="$dest" \
	prefix=/opt/cxl install >"$tap_tmp/make"
ok $? 'make install' || exit
for file in sbin/vfio-cxl lib/libvfio-cxl.a lib/libvfio-cxl.so lib/$soname \
	    lib/pkgconfig/libvfio-cxl.pc include/libvfio-cxl.h \
	    include/linux/vfio_cxl.h share/man/man1/vfio-cxl.1 \
	    share/man/man3/libvfio-cxl.3 share/man/man4/cxl-vfio-pci.4 \
	    share/man/man7/vfio-cxl-dc.7 include/linux/vfio_cxl_netlink.h; do
	[[ -s $prefix/$file ]]
	ok $? "$file is installed"
done
is "$(readlink "$prefix/lib/libvfio-cxl.so")" $soname 'what the linker finds'

# What of the shared library shows
readelf -dW "$prefix/lib/$soname" >"$tap_tmp/dynamic"
has "$(<"$tap_tmp/dynamic")" "soname: [$soname]" 'the soname'
is "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$tap_tmp/dynamic" |
	grep -v '^ld-linux')" libc.so.6 'it needs the C library alone'
grep -oE '\bvcxl_[a-z0-9_]+\(' "$prefix/include/libvfio-cxl.h" | tr -d '(' |
	sort -u >"$tap_tmp/want"
nm -D --defined-only --with-symbol-versions "$prefix/lib/$soname" |
	awk '$2 != "A" { print $3 }' | sort >"$tap_tmp/got"
[[ $(wc -l <"$tap_tmp/want") -gt 60 ]]
ok $? 'the header has functions'
is "$(diff <(sed -n 's/@@VCXL_[1-3]$//p' "$tap_tmp/got") "$tap_tmp/want")" '' \
	'all and only those are exported, with their version'
is "$(grep -v '@@' "$tap_tmp/got" | paste -sd' ')" \
	'vcxl_client_dc_info@VCXL_2 vcxl_client_dc_list@VCXL_2 vcxl_dc_info@VCXL_2 vcxl_dc_list@VCXL_2' \
	'and these in two'
is "$(nm -g --defined-only "$prefix/lib/libvfio-cxl.a" |
	awk 'NF == 3 && $3 !~ /^(vcxl|vfio_cxl)_/ { print $3 }')" '' \
	'the static library takes no names but ours'

# The manual's example, as its reader would build it
export PKG_CONFIG_SYSROOT_DIR=$dest PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
is "$(pkg-config --modversion libvfio-cxl)" "$(<"$top/VERSION")" 'pkg-config'
# example NUMBER: of the manual, from 1
example()
{
	awk -v n="$1" '/^\.Bd -literal/ { i++; on = 1; next }
		/^\.Ed/ { on = 0 }
		on && i == n { gsub(/\\e/, "\\"); print }' "$manual"
}

example 1 >"$tap_tmp/list.c"
cc=(gcc -std=c11 -Wall -Wextra -Werror -pedantic)
read -ra flags < <(pkg-config --cflags --libs libvfio-cxl)
"${cc[@]}" -o "$tap_tmp/shared" "$tap_tmp/list.c" "${flags[@]}"
ok $? "the manual's example builds, shared"
read -ra flags < <(pkg-config --static --cflags --libs libvfio-cxl)
"${cc[@]}" -static -o "$tap_tmp/static" "$tap_tmp/list.c" "${flags[@]}"
ok $? 'and static'
has "$(readelf -dW "$tap_tmp/shared")" "[$soname]" 'the one needs the library'
[[ $(readelf -dW "$tap_tmp/static") != *NEEDED* ]]
ok $? 'the other does not'
new_root
device 0000:0d:00.0 0x050210 cxl_pci
device 0000:0e:00.0 0x050210
want=$'0000:0d:00.0 cxl_pci\n0000:0e:00.0 -'
is "$(LD_LIBRARY_PATH=$prefix/lib "$tap_tmp/shared")" "$want" 'it runs'
is "$("$tap_tmp/static")" "$want" 'so does the static one'
rm -rf "$fix/sys/bus/pci/devices"
: >"$fix/sys/bus/pci/devices"
"$tap_tmp/static" >"$tap_tmp/out" 2>"$tap_tmp/err"
is $? 1 'and tells a failure'
has "$(<"$tap_tmp/err")" 'PCI' 'in words'

# A program of before a struct grew gets as much as it has room for, and only what
# there was then
tag=6ba7b810-9dad-11d1-80b4-00c04fd430c8
cat >"$tap_tmp/old.c" <<-E
	#include <stdio.h>
	#include <string.h>
	#include <libvfio-cxl.h>

	extern int old_info(struct vcxl_device *dev, unsigned char *info);
	extern int old_list(struct vcxl_device *dev,
			    struct vfio_cxl_dc_extent **extents, size_t *count);
	__asm__(".symver old_info,vcxl_dc_info@VCXL_2");
	__asm__(".symver old_list,vcxl_dc_list@VCXL_2");

	int main(void)
	{
		unsigned char info[1200], rest[sizeof(info)];
		struct vfio_cxl_dc_extent *extents;
		struct vcxl_device *dev;
		size_t now, before;
		struct vcxl *ctx;
		uint32_t argsz;

		memset(info, 0xaa, sizeof(info));
		memset(rest, 0xaa, sizeof(rest));
		if (vcxl_new(&ctx) || vcxl_device_get(ctx, "0d:00.0", &dev) ||
		    old_info(dev, info))
			return 1;
		memcpy(&argsz, info, sizeof(argsz));
		printf("%u %d %d\n", argsz, info[12],
		       memcmp(info + 728, rest, sizeof(info) - 728));
		if (vcxl_dc_list(dev, &extents, &now) ||
		    old_list(dev, &extents, &before))
			return 1;
		printf("%zu %zu %d\n", now, before, (int)extents[0].id);
		return 0;
	}
E
read -ra flags < <(pkg-config --cflags --libs libvfio-cxl)
gcc -Wall -Werror -o "$tap_tmp/old" "$tap_tmp/old.c" "${flags[@]}"
ok $? 'an old program builds'
new_root
device 0000:0d:00.0 0x050210 cxl-vfio-pci
mkdir -p "$fix/dev/vfio-cxl" "$tap_tmp/dc"
ln -s /dev/null "$fix/dev/vfio-cxl/0000:0d:00.0"
printf '%s\n' 'info 7 0 0' 'region 0 4096 4096 4096 0 0' \
	'host_region 4096 4096 0' \
	"extent 4 2 0 4096 0 $tag 3 2 0 0 0 0 0" \
	"extent 281474976710656 3 1 4096 0 $tag 1 0 0 0 0 32 8" >"$tap_tmp/dc/0"
FAKE_DC=$tap_tmp/dc LD_PRELOAD=$tap_tmp/fake.so \
	LD_LIBRARY_PATH=$prefix/lib "$tap_tmp/old" >"$tap_tmp/out"
is "$(sed -n 1p "$tap_tmp/out")" '728 1 0' 'and no more is written'
is "$(sed -n 2p "$tap_tmp/out")" '2 1 4' 'nor does it see host memory'

# quotation NAME NUMBER: of the example NAME, from 1
quotation()
{
	awk -v n="$2" -v name="$1/main.c" \
		'index($0, name "``::") { i++; on = 1; next }
		 /^[^ ]/ { on = 0 }
		 on && i == n { sub(/^    /, ""); print }' \
		"$top/Documentation/userspace-api/vfio-cxl.rst"
}

# quotes NAME TEXT: what the manuals quote is what the example does
quotes()
{
	local source quoted

	source=$(<"$top/tools/$1/main.c")
	quoted=$(sed -e '/./,$!d' <<<"$2")
	[[ -n $quoted && $source == *"$quoted"* ]]
	ok $? "a quotation of $1"
}

quotes example-vmm "$(example 2)"
quotes example-vmm "$(quotation example-vmm 1)"
quotes example-app "$(quotation example-app 1)"
quotes example-app "$(quotation example-app 2)"
# Each function has its place in the manual
for name in $(<"$tap_tmp/want"); do
	grep -q "^\.F[no] $name\b" "$manual" || echo "$name"
done >"$tap_tmp/missing"
is "$(<"$tap_tmp/missing")" '' 'the manual has every function'
is "$(sed -n 's/^\.F[no] \(vcxl_[a-z0-9_]*\).*/\1/p' "$manual" | sort -u |
	comm -23 - "$tap_tmp/want")" '' 'and no others'
