// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32 bit caller of the control node: each ioctl once, changing nothing, its
 * struct written to standard output. Without a C library, because none for 32
 * bit is to be expected; x86 only.
 */
#include <linux/vfio_cxl.h>

enum { SYS_EXIT = 1, SYS_WRITE = 4, SYS_OPEN = 5, SYS_IOCTL = 54 };

static long call(long number, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (number), "b" (a), "c" (b), "d" (c) : "memory");

	return ret;
}

static struct vfio_cxl_info info = { .argsz = sizeof(info) };
static struct vfio_cxl_window window = { .argsz = sizeof(window) };
static struct vfio_cxl_decoder decoder = { .argsz = sizeof(decoder) };

static struct vfio_cxl_decoder_program program = {
	.argsz = sizeof(program), .flags = VFIO_CXL_PROGRAM_DRY_RUN,
};

static struct vfio_cxl_decoder_clear clear = {
	.argsz = sizeof(clear), .flags = VFIO_CXL_CLEAR_DRY_RUN,
};

static struct vfio_cxl_guest_set guest_set = {
	.argsz = sizeof(guest_set), .flags = VFIO_CXL_GUEST_DRY_RUN,
};

static struct vfio_cxl_guest_clear guest_clear = {
	.argsz = sizeof(guest_clear), .flags = VFIO_CXL_GUEST_DRY_RUN,
};

static struct vfio_cxl_dc_info dc_info = { .argsz = sizeof(dc_info) };
static struct vfio_cxl_dc_list dc_list = {
	.argsz = sizeof(dc_list), .room = 1,
};

static struct vfio_cxl_dc_status dc_status = {
	.argsz = sizeof(dc_status), .tag = { 1 },
};

static struct vfio_cxl_dc_decide dc_accept = {
	.argsz = sizeof(dc_accept), .tag = { 1 },
	.reach = VFIO_CXL_DC_REACH_DEVICE,
};

static struct vfio_cxl_dc_decide dc_reject = {
	.argsz = sizeof(dc_reject), .tag = { 1 },
};

static struct vfio_cxl_dc_decide dc_release = {
	.argsz = sizeof(dc_release), .tag = { 1 },
};

static struct vfio_cxl_dc_deadline dc_deadline = {
	.argsz = sizeof(dc_deadline), .offer = 1ULL << 40,
};

/* More than any host has */
static struct vfio_cxl_backend_create backend_create = {
	.argsz = sizeof(backend_create), .tag = { 1 }, .size = 1ULL << 50,
};

static struct vfio_cxl_backend_list backend_list = {
	.argsz = sizeof(backend_list), .room = 1,
};

static struct vfio_cxl_backend_destroy backend_destroy = {
	.argsz = sizeof(backend_destroy), .tag = { 1 },
};

/* No window, as there is none */
static struct vfio_cxl_dc_configure dc_configure = {
	.argsz = sizeof(dc_configure),
};

static struct vfio_cxl_dc_add dc_add = {
	.argsz = sizeof(dc_add), .tag = { 1 }, .region = VFIO_CXL_DC_HOST_REGION,
};

static struct vfio_cxl_dc_remove dc_remove = {
	.argsz = sizeof(dc_remove), .tag = { 1 },
};

static struct vfio_cxl_dc_open dc_open = {
	.argsz = sizeof(dc_open), .tag = { 1 },
};

static const struct {
	unsigned int cmd;
	void *arg;
} calls[] = {
	{ VFIO_CXL_INFO, &info },
	{ VFIO_CXL_WINDOW, &window },
	{ VFIO_CXL_DECODER, &decoder },
	{ VFIO_CXL_DECODER_PROGRAM, &program },
	{ VFIO_CXL_DECODER_CLEAR, &clear },
	{ VFIO_CXL_GUEST_SET, &guest_set },
	{ VFIO_CXL_GUEST_CLEAR, &guest_clear },
	{ VFIO_CXL_DC_INFO, &dc_info },
	{ VFIO_CXL_DC_LIST, &dc_list },
	{ VFIO_CXL_DC_STATUS, &dc_status },
	{ VFIO_CXL_DC_ACCEPT, &dc_accept },
	{ VFIO_CXL_DC_REJECT, &dc_reject },
	{ VFIO_CXL_DC_RELEASE, &dc_release },
	{ VFIO_CXL_DC_DEADLINE, &dc_deadline },
	{ VFIO_CXL_BACKEND_CREATE, &backend_create },
	{ VFIO_CXL_BACKEND_LIST, &backend_list },
	{ VFIO_CXL_BACKEND_DESTROY, &backend_destroy },
	{ VFIO_CXL_DC_CONFIGURE, &dc_configure },
	{ VFIO_CXL_DC_ADD, &dc_add },
	{ VFIO_CXL_DC_REMOVE, &dc_remove },
	{ VFIO_CXL_DC_OPEN, &dc_open },
};

/* @stack: argc, argv[0], the node's path */
__attribute__((used)) static void start(const char **stack)
{
	long fd = call(SYS_OPEN, (long)stack[2], 2, 0);
	unsigned int i;
	__u32 size;
	long ret;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		size = *(__u32 *)calls[i].arg;
		ret = call(SYS_IOCTL, fd, calls[i].cmd, (long)calls[i].arg);
		call(SYS_WRITE, 1, (long)&ret, sizeof(ret));
		call(SYS_WRITE, 1, (long)calls[i].arg, size);
	}
	call(SYS_EXIT, fd < 0, 0, 0);
}

asm(".globl _start\n_start:\n\tmov %esp, %eax\n\tpush %eax\n\tcall start\n");
