// SPDX-License-Identifier: GPL-2.0-only
/* All kinds of calls, and which of them worked. */
#include <stdio.h>
#include <string.h>

#include "vmfuzz.h"

static const struct op *const tables[] = {
	own_ops, vfio_ops, memory_ops, object_ops, life_ops,
};

/* The device of the one has capacity to offer, that of the other one lies */
static const struct op *special_ops(void)
{
	return topology_is("model") ? device_ops : capacity_ops;
}

/* From 1 on: 0 is none */
static const struct op *ops[OPS];
static unsigned int count = 1, weights;
static __u8 indexes[1 << 16];

/* The same in each version of this program, so that what was kept stays valid */
__u16 op_number(const char *name)
{
	__u32 hash = 0x811c9dc5;

	while (*name)
		hash = (hash ^ (__u8)*name++) * 0x01000193;

	return hash ^ hash >> 16;
}

static bool add(const struct op *op)
{
	for (; op->name; op++) {
		if (count == OPS || indexes[op_number(op->name)]) {
			fprintf(stderr, "vmfuzz: %s: one too many\n", op->name);
			return false;
		}
		indexes[op_number(op->name)] = count;
		ops[count++] = op;
		weights += op->weight;
	}

	return true;
}

bool ops_init(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (!add(tables[i]))
			return false;

	return add(special_ops());
}

unsigned int op_index(__u16 number)
{
	return indexes[number];
}

const struct op *op_at(unsigned int index)
{
	return ops[index];
}

__u16 op_random(struct thread *t)
{
	unsigned int left = random_below(t, weights), i;

	for (i = 1; left >= ops[i]->weight; i++)
		left -= ops[i]->weight;

	return op_number(ops[i]->name);
}

void ops_print(void)
{
	unsigned int i;

	printf("# calls: how many, without an error, milliseconds of all of them");
	for (i = 1; i < count; i++)
		printf("%s %s %lu %lu %lu", i % 4 == 1 ? "\n#" : ",",
		       ops[i]->name, shared->tried[i], shared->done[i],
		       shared->spent[i] / 1000);
	printf("\n");
}
