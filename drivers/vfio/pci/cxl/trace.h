/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_cxl

#if !defined(VFIO_CXL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VFIO_CXL_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

#include "mbox.h"

#define vfio_cxl_show_gate(gate) __print_flags(gate, "|",	\
	{ VFIO_CXL_GATE_UNRESTORED, "UNRESTORED" },		\
	{ VFIO_CXL_GATE_OPEN, "OPEN" },				\
	{ VFIO_CXL_GATE_CLOSE, "CLOSE" },			\
	{ VFIO_CXL_GATE_RESET, "RESET" },			\
	{ VFIO_CXL_GATE_DECODER, "DECODER" },			\
	{ VFIO_CXL_GATE_REMOVED, "REMOVED" },			\
	{ VFIO_CXL_GATE_ERROR, "ERROR" },			\
	{ VFIO_CXL_GATE_SUSPEND, "SUSPEND" },			\
	{ VFIO_CXL_GATE_CXL_RESET, "CXL_RESET" })

/* The gate's reasons after a change, and whether the memory may be touched */
TRACE_EVENT(vfio_cxl_gate,
	TP_PROTO(struct pci_dev *pdev, u32 gate, bool live),
	TP_ARGS(pdev, gate, live),
	TP_STRUCT__entry(
		__string(dev, pci_name(pdev))
		__field(u32, gate)
		__field(bool, live)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->gate = gate;
		__entry->live = live;
	),
	TP_printk("%s gate=%s live=%d", __get_str(dev),
		  vfio_cxl_show_gate(__entry->gate), __entry->live)
);

/* A fault in the HDM memory region: order in pages, result as VM_FAULT_* */
TRACE_EVENT(vfio_cxl_fault,
	TP_PROTO(struct pci_dev *pdev, u64 offset, unsigned int order,
		 unsigned int result),
	TP_ARGS(pdev, offset, order, result),
	TP_STRUCT__entry(
		__string(dev, pci_name(pdev))
		__field(u64, offset)
		__field(unsigned int, order)
		__field(unsigned int, result)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->offset = offset;
		__entry->order = order;
		__entry->result = result;
	),
	TP_printk("%s offset=%#llx order=%u result=%#x", __get_str(dev),
		  __entry->offset, __entry->order, __entry->result)
);

/* Decoder 0 was changed, or a change was tried */
TRACE_EVENT(vfio_cxl_decoder,
	TP_PROTO(struct pci_dev *pdev, const char *what, u64 base, u64 size,
		 int ret),
	TP_ARGS(pdev, what, base, size, ret),
	TP_STRUCT__entry(
		__string(dev, pci_name(pdev))
		__string(what, what)
		__field(u64, base)
		__field(u64, size)
		__field(int, ret)
	),
	TP_fast_assign(
		__assign_str(dev);
		__assign_str(what);
		__entry->base = base;
		__entry->size = size;
		__entry->ret = ret;
	),
	TP_printk("%s %s base=%#llx size=%#llx ret=%d", __get_str(dev),
		  __get_str(what), __entry->base, __entry->size, __entry->ret)
);

/* Of a payload, what tells one command from another */
#define VFIO_CXL_TRACE_PAYLOAD	32U

/*
 * A mailbox command was tried. What the device was given: the first bytes of the
 * input payload; rc is its return code.
 */
TRACE_EVENT(vfio_cxl_mbox,
	TP_PROTO(struct pci_dev *pdev, const struct vfio_cxl_mbox_cmd *cmd,
		 int ret),
	TP_ARGS(pdev, cmd, ret),
	TP_STRUCT__entry(
		__string(dev, pci_name(pdev))
		__field(u16, opcode)
		__field(u16, rc)
		__field(int, ret)
		__field(size_t, in_size)
		__field(size_t, out_size)
		__dynamic_array(u8, in,
				min_t(size_t, cmd->in_size,
				      VFIO_CXL_TRACE_PAYLOAD))
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->opcode = cmd->opcode;
		__entry->rc = cmd->rc;
		__entry->ret = ret;
		__entry->in_size = cmd->in_size;
		__entry->out_size = cmd->out_size;
		memcpy(__get_dynamic_array(in), cmd->in,
		       __get_dynamic_array_len(in));
	),
	TP_printk("%s opcode=%#06x in=%zu out=%zu rc=%#x ret=%d payload=%s",
		  __get_str(dev), __entry->opcode, __entry->in_size,
		  __entry->out_size, __entry->rc, __entry->ret,
		  __print_hex_str(__get_dynamic_array(in),
				  __get_dynamic_array_len(in)))
);

#endif /* VFIO_CXL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
