/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver's pure files use of the kernel's lists, for user space. */
#ifndef VFIO_CXL_SHIM_LIST_H
#define VFIO_CXL_SHIM_LIST_H

#include <vfio_cxl_shim.h>

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->prev = list->prev;
	node->next = list;
	list->prev->next = node;
	list->prev = node;
}

/* As in the kernel, whoever uses it afterwards falls over it */
static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

static inline void list_del_init(struct list_head *node)
{
	list_del(node);
	INIT_LIST_HEAD(node);
}

static inline void list_move_tail(struct list_head *node,
				  struct list_head *list)
{
	list_del(node);
	list_add_tail(node, list);
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

#define list_entry(node, type, member)	container_of(node, type, member)
#define list_first_entry(list, type, member) \
	list_entry((list)->next, type, member)
#define list_first_entry_or_null(list, type, member) \
	(list_empty(list) ? NULL : list_first_entry(list, type, member))
#define list_last_entry(list, type, member) \
	list_entry((list)->prev, type, member)
#define list_next_entry(at, member) \
	list_entry((at)->member.next, __typeof__(*(at)), member)

#define list_for_each_entry(at, list, member)				\
	for (at = list_first_entry(list, __typeof__(*at), member);	\
	     &at->member != (list); at = list_next_entry(at, member))

#define list_for_each_entry_safe(at, n, list, member)			\
	for (at = list_first_entry(list, __typeof__(*at), member),	\
	     n = list_next_entry(at, member);				\
	     &at->member != (list); at = n, n = list_next_entry(n, member))

#endif /* VFIO_CXL_SHIM_LIST_H */
