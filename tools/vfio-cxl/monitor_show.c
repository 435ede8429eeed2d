// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the monitor prints: a line for each change and for each mark, at once, or
 * with --json an object in a line. A reader that went away is the end.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "monitor.h"

#define ALL	0xffffffffU
/* Of enumerations: the names of later ones are not known */
#define NAMES	32

static bool add_kind(struct monitor *m, const char *word, size_t len)
{
	uint32_t i;

	for (i = 0; i < NAMES; i++) {
		const char *kind = vcxl_dc_change_name(i);
		const char *state = vcxl_dc_state_name(i);

		if (kind && strlen(kind) == len &&
		    !strncasecmp(kind, word, len)) {
			m->kinds |= 1U << i;
			return true;
		}
		if (i && state && strlen(state) == len &&
		    !strncasecmp(state, word, len)) {
			m->states |= 1U << i;
			return true;
		}
	}
	return false;
}

int event_option(struct monitor *m)
{
	const char *text = m->args->opt[OPT_EVENT];

	if (!text) {
		m->kinds = ALL;
		return EXIT_DONE;
	}
	for (;;) {
		size_t len = strcspn(text, ",");

		if (!add_kind(m, text, len))
			return usage_error(m->args, "--event: '%.*s' is neither a kind of change (STATE, REQUEST, REACH, OFFER, OVERFLOW, SYNC, REGIONS) nor a state",
					   (int)len, text);
		if (!text[len])
			return EXIT_DONE;
		text += len + 1;
	}
}

static bool is_wanted(const struct monitor *m,
		      const struct vfio_cxl_dc_event *event)
{
	uint32_t kind = event->kind < NAMES ? event->kind : NAMES - 1;
	uint32_t state = event->state < NAMES ? event->state : NAMES - 1;

	return m->kinds & 1U << kind ||
	       (event->kind == VFIO_CXL_DC_CHANGE_STATE &&
		m->states & 1U << state);
}

/* Nobody has to wait for a buffer to fill */
static void flush_line(struct monitor *m)
{
	struct vcxl_error e = { .object = "standard output" };

	if (!fflush(stdout) && !ferror(stdout))
		return;
	e.err = -errno;
	m->done = true;
	/* Who has read enough is not told of a failure */
	if (e.err == -EPIPE && freopen("/dev/null", "w", stdout))
		return;
	snprintf(e.why, sizeof(e.why), "can't write to it: %s",
		 strerror(-e.err));
	m->code = report_error(m->args, &e);
}

static struct json_object *json_line(const char *type, const char *name)
{
	struct json_object *o = json_record();

	json_add(o, "type", json_text(type));
	json_add(o, "device", json_text(name));
	return o;
}

static void print_line(struct monitor *m, struct json_object *o)
{
	print_json_line(o);
	json_object_put(o);
	flush_line(m);
}

static void add_fields(struct json_object *o, struct json_object *fields)
{
	json_object_object_foreach(fields, key, value)
		json_add(o, key, json_object_get(value));
	json_object_put(fields);
}

/* " tag 6ba7..." or " extent 5", or what else it is about */
static void print_subject(struct json_object *o,
			  const struct vfio_cxl_dc_event *event)
{
	if (lookup(o, "tag"))
		printf(" tag %s", text_of(o, "tag"));
	else if (event->extent)
		printf(" extent %llu", (unsigned long long)event->extent);
	else if (event->offer)
		printf(" offer %llu", (unsigned long long)event->offer);
}

static void print_words(struct json_object *o, const char *name,
			const struct vfio_cxl_dc_event *event)
{
	const char *why = vcxl_dc_change_why(event->kind);
	const char *reason = event->reason ? vcxl_reason_why(event->reason) :
			     NULL;
	bool host = event->region >= VFIO_CXL_DC_HOST_REGION;
	char size[32];

	printf("[%6llu.%03llu] %s #%llu %s",
	       (unsigned long long)(event->time / 1000000000),
	       (unsigned long long)(event->time / 1000000 % 1000), name,
	       (unsigned long long)event->sequence,
	       event->kind == VFIO_CXL_DC_CHANGE_STATE ? text_of(o, "state") :
	       text_of(o, "kind"));
	print_subject(o, event);
	if (event->kind != VFIO_CXL_DC_CHANGE_STATE)
		printf(" %s", why ? why :
		       "a change that this vfio-cxl does not know");
	if (event->length) {
		format_size(event->length, size, sizeof(size));
		printf(" %s %sregion %u", size, host ? "host " : "",
		       event->region);
	} else if (host) {
		printf(", for host memory");
	}
	if (event->reach)
		printf(" reach %s", text_of(o, "reach"));
	if (event->reason)
		printf(" (%s%s%s)", text_of(o, "reason"), reason ? ": " : "",
		       reason ? reason : "");
	if (event->rc)
		printf(" return code %#x", event->rc);
	puts("");
}

void show_change(struct monitor *m, const char *name,
		 const struct vfio_cxl_dc_event *event)
{
	struct json_object *o;

	if (!is_wanted(m, event))
		return;
	o = json_line("change", name);
	add_fields(o, json_dc_event(event));
	if (m->left > 0 && !--m->left)
		m->done = true;
	if (m->args->opt[OPT_JSON]) {
		print_line(m, o);
		return;
	}
	print_words(o, name, event);
	json_object_put(o);
	flush_line(m);
}

/* Entries from @sequence on are not in the log any more */
void show_lost(struct monitor *m, const char *name, uint64_t sequence,
	       uint64_t lost)
{
	struct json_object *o;

	if (!m->args->opt[OPT_JSON]) {
		printf("%s: %llu changes from #%llu on are lost; what there is now:\n",
		       name, (unsigned long long)lost,
		       (unsigned long long)sequence);
		flush_line(m);
		return;
	}
	o = json_line("gap", name);
	json_add(o, "sequence", json_u64(sequence));
	json_add(o, "lost", json_u64(lost));
	print_line(m, o);
}

/* @name: empty if it is about all */
void show_mark(struct monitor *m, const char *type, const char *name,
	       const char *text)
{
	struct json_object *o;

	if (!m->args->opt[OPT_JSON]) {
		printf("%s%s%s\n", name, *name ? " " : "", text);
		flush_line(m);
		return;
	}
	o = json_line(type, name);
	json_add(o, "text", json_text(text));
	print_line(m, o);
}

/* The whole list, after a gap */
int show_extents(struct monitor *m, struct vcxl_device *dev)
{
	struct json_object *o, *list = json_list();
	int ret = read_extents(m->args->ctx, dev, list);

	if (ret || !m->args->opt[OPT_JSON]) {
		if (!ret && json_object_array_length(list))
			print_extents(list);
		else if (!ret)
			puts("  no extents");
		json_object_put(list);
		flush_line(m);
		return ret;
	}
	o = json_line("extents", vcxl_device_name(dev));
	json_add(o, "extents", list);
	print_line(m, o);
	return 0;
}
