// SPDX-License-Identifier: GPL-2.0-only
/* The numbers of Dynamic Capacity as names and sentences. */
#include "private.h"

/* By the numbers of the header, so that neither can go its own way */
#define FLAG(prefix, id) \
	[__builtin_ctz(VFIO_CXL_DC_##prefix##_##id)] = #id

static const struct {
	const char *name;
	const char *why;
	const char *next;
} states[] = {
#define STATE(id, why_, next_) \
	[VFIO_CXL_DC_##id] = { .name = #id, .why = why_, .next = next_ }
	STATE(NONE, "there is none of it", ""),
	STATE(PENDING, "offered, and not taken yet",
	      "'vfio-cxl dc accept' takes it, 'vfio-cxl dc reject' says no"),
	STATE(ACCEPTING, "to be accepted, but the device has not said yes yet",
	      "decide the older offers, and the other tags of this one; else wait"),
	STATE(COMMITTED, "accepted: it is this host's until it is released",
	      "'vfio-cxl dc release' gives it back"),
	STATE(RELEASING, "out of reach, but the device has not taken it back yet",
	      "wait; it is asked again"),
	STATE(RELEASED, "given back: the capacity may be another's",
	      "to have it again, have it offered again"),
	STATE(REJECTED, "not taken",
	      "to have it, have it offered again"),
	STATE(REVOKED, "taken away, or lost in a reset",
	      "what was in it is lost; to have it again, have it offered again"),
};

static const char *const reaches[] = {
#define REACH(id) \
	[VFIO_CXL_DC_REACH_##id] = #id
	REACH(NONE), REACH(TENANT), REACH(DEVICE), REACH(APP),
};

static const struct {
	const char *name;
	const char *why;
} kinds[] = {
#define KIND(id, why_) \
	[VFIO_CXL_DC_CHANGE_##id] = { .name = #id, .why = why_ }
	KIND(STATE, "is in another state"),
	KIND(REQUEST, "is asked for back"),
	KIND(REACH, "is reachable again"),
	KIND(OFFER, "an offer was refused before a user could see it"),
	KIND(OVERFLOW, "the device's log overflowed: changes may be missing"),
	KIND(SYNC, "the device's list was read again"),
	KIND(REGIONS, "the regions are other ones"),
	KIND(LEAVE, "is about to be taken from who has a descriptor of it"),
};

static const char *const info_flags[] = {
	FLAG(INFO, CAPABLE), FLAG(INFO, SYNCED), FLAG(INFO, WINDOW),
};

static const char *const region_flags[] = {
	FLAG(REGION, SHARABLE), FLAG(REGION, SANITIZE), FLAG(REGION, WINDOW),
};

static const char *const extent_flags[] = {
	FLAG(EXTENT, IN_USE), FLAG(EXTENT, RECOVERED), FLAG(EXTENT, DECIDED),
	FLAG(EXTENT, MISMATCH), FLAG(EXTENT, DEFERRED), FLAG(EXTENT, HOST),
	FLAG(EXTENT, WINDOW),
};

/* EXTENT and REGION are what was asked */
static const char *const status_flags[] = {
	FLAG(STATUS, EXTENT), FLAG(STATUS, REGION), FLAG(STATUS, IN_USE),
	FLAG(STATUS, RECOVERED), FLAG(STATUS, DECIDED), FLAG(STATUS, MISMATCH),
	FLAG(STATUS, DEFERRED), FLAG(STATUS, HOST),
};

static const char *const backend_flags[] = {
	[__builtin_ctz(VFIO_CXL_BACKEND_RESERVED)] = "RESERVED",
};

/* 8.2.8.4.5.1 */
static const char *const rcs[] = {
	"SUCCESS", "BACKGROUND_STARTED", "INVALID_INPUT", "UNSUPPORTED",
	"INTERNAL_ERROR", "RETRY_REQUIRED", "BUSY", "MEDIA_DISABLED",
	"FW_TRANSFER_IN_PROGRESS", "FW_TRANSFER_OUT_OF_ORDER",
	"FW_AUTHENTICATION_FAILED", "INVALID_SLOT",
	"ACTIVATION_FAILED_ROLLED_BACK", "ACTIVATION_FAILED_COLD_RESET",
	"INVALID_HANDLE", "INVALID_PHYSICAL_ADDRESS",
	"INJECT_POISON_LIMIT_REACHED", "PERMANENT_MEDIA_FAILURE", "ABORTED",
	"INVALID_SECURITY_STATE", "INCORRECT_PASSPHRASE",
	"UNSUPPORTED_MAILBOX", "INVALID_PAYLOAD_LENGTH", "INVALID_LOG",
	"INTERRUPTED", "UNSUPPORTED_FEATURE_VERSION",
	"UNSUPPORTED_FEATURE_SELECTION", "FEATURE_TRANSFER_IN_PROGRESS",
	"FEATURE_TRANSFER_OUT_OF_ORDER", "RESOURCES_EXHAUSTED",
	"INVALID_EXTENT_LIST",
};

/* Of a table of strings; NULL past its end */
static const char *entry(const char *const *table, size_t count, uint32_t i)
{
	return i < count ? table[i] : NULL;
}

const char *vcxl_dc_state_name(uint32_t state)
{
	return state < VCXL_ARRAY_SIZE(states) ? states[state].name : NULL;
}

const char *vcxl_dc_state_why(uint32_t state)
{
	return state < VCXL_ARRAY_SIZE(states) ? states[state].why : NULL;
}

const char *vcxl_dc_state_next(uint32_t state)
{
	return state < VCXL_ARRAY_SIZE(states) ? states[state].next : NULL;
}

const char *vcxl_dc_reach_name(uint32_t reach)
{
	return entry(reaches, VCXL_ARRAY_SIZE(reaches), reach);
}

const char *vcxl_dc_change_name(uint32_t kind)
{
	return kind < VCXL_ARRAY_SIZE(kinds) ? kinds[kind].name : NULL;
}

const char *vcxl_dc_change_why(uint32_t kind)
{
	return kind < VCXL_ARRAY_SIZE(kinds) ? kinds[kind].why : NULL;
}

const char *vcxl_dc_info_flag_name(unsigned int bit)
{
	return entry(info_flags, VCXL_ARRAY_SIZE(info_flags), bit);
}

const char *vcxl_dc_region_flag_name(unsigned int bit)
{
	return entry(region_flags, VCXL_ARRAY_SIZE(region_flags), bit);
}

const char *vcxl_dc_extent_flag_name(unsigned int bit)
{
	return entry(extent_flags, VCXL_ARRAY_SIZE(extent_flags), bit);
}

const char *vcxl_dc_status_flag_name(unsigned int bit)
{
	return entry(status_flags, VCXL_ARRAY_SIZE(status_flags), bit);
}

const char *vcxl_backend_flag_name(unsigned int bit)
{
	return entry(backend_flags, VCXL_ARRAY_SIZE(backend_flags), bit);
}

const char *vcxl_rc_name(uint32_t rc)
{
	return entry(rcs, VCXL_ARRAY_SIZE(rcs), rc);
}
