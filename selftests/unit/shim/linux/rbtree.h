/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's pure files use of the kernel's red-black trees, for user
 * space: the same calls, behind which is a treap. Each node has a priority, which
 * is drawn at random and not below its children's; that balances it well enough.
 */
#ifndef VFIO_CXL_SHIM_RBTREE_H
#define VFIO_CXL_SHIM_RBTREE_H

#include <vfio_cxl_shim.h>

struct rb_node {
	struct rb_node *parent;	/* the node itself: it is in no tree */
	struct rb_node *rb_left;
	struct rb_node *rb_right;
	u32 priority;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root)	(!(root)->rb_node)
#define RB_EMPTY_NODE(node)	((node)->parent == (node))
#define RB_CLEAR_NODE(node)	((node)->parent = (node))
#define rb_entry(node, type, member)	container_of(node, type, member)

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	static u32 random = 1;

	random = random * 1664525 + 1013904223;
	*node = (struct rb_node){ .parent = parent, .priority = random };
	*link = node;
}

/* What points to @node */
static inline struct rb_node **rb_link_of(struct rb_node *node,
					  struct rb_root *root)
{
	if (!node->parent)
		return &root->rb_node;
	return node->parent->rb_left == node ? &node->parent->rb_left :
					       &node->parent->rb_right;
}

/* @node takes the place of its parent, which becomes its child */
static inline void rb_rotate_up(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *parent = node->parent, *child;
	struct rb_node **link = rb_link_of(parent, root);

	if (parent->rb_left == node) {
		child = node->rb_right;
		node->rb_right = parent;
		parent->rb_left = child;
	} else {
		child = node->rb_left;
		node->rb_left = parent;
		parent->rb_right = child;
	}
	if (child)
		child->parent = parent;
	node->parent = parent->parent;
	parent->parent = node;
	*link = node;
}

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	while (node->parent && node->parent->priority < node->priority)
		rb_rotate_up(node, root);
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *l, *r, *child;

	while (node->rb_left && node->rb_right) {
		l = node->rb_left;
		r = node->rb_right;
		rb_rotate_up(l->priority > r->priority ? l : r, root);
	}
	child = node->rb_left ? node->rb_left : node->rb_right;
	*rb_link_of(node, root) = child;
	if (child)
		child->parent = node->parent;
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;

	return node;
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->rb_right) {
		node = node->rb_right;
		while (node->rb_left)
			node = node->rb_left;
		return (struct rb_node *)node;
	}
	while (node->parent && node->parent->rb_right == node)
		node = node->parent;

	return node->parent;
}

#endif /* VFIO_CXL_SHIM_RBTREE_H */
