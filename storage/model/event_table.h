/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the change log's events. Names are for ever: events are added, never renamed or removed. The number of
 * an event is its place here and is stored in indexes: append only.
 */
#ifndef STORAGE_MODEL_EVENT_TABLE_H
#define STORAGE_MODEL_EVENT_TABLE_H

/* X(constant, name, meaning) */
#define EVENT_TABLE(X) \
	X(EVENT_LICENSE_DECLARED, "license.declared", "none before, a statement after") \
	X(EVENT_LICENSE_WITHDRAWN, "license.withdrawn", "a statement before, none after") \
	X(EVENT_LICENSE_SWITCHED, "license.switched", "another license") \
	X(EVENT_LICENSE_TERMS, "license.terms", "the same ids, another license_name or license_link") \
	X(EVENT_LICENSE_RELABELLED, "license.relabelled", "the same license by another spelling or id") \
	X(EVENT_REPO_CREATED, "repo.created", "first seen, created after the last look at its place") \
	X(EVENT_REPO_APPEARED, "repo.appeared", "first seen, though older: made public, or missed before") \
	X(EVENT_REPO_GONE, "repo.gone", "confirmed: deleted or made private; the last state is kept") \
	X(EVENT_REPO_RESTORED, "repo.restored", "seen again after it was gone") \
	X(EVENT_REPO_RENAMED, "repo.renamed", "the same repo under another name") \
	X(EVENT_REPO_REPLACED, "repo.replaced", "another repo bears its name now") \
	X(EVENT_ACCESS_GATED, "access.gated", "access asks for agreement or approval") \
	X(EVENT_ACCESS_UNGATED, "access.ungated", "access is open again") \
	X(EVENT_ACCESS_CHANGED, "access.changed", "between automatic and manual approval") \
	X(EVENT_ACCESS_DISABLED, "access.disabled", "the Hub disabled it") \
	X(EVENT_ACCESS_ENABLED, "access.enabled", "no longer disabled") \
	X(EVENT_LINEAGE_CHANGED, "lineage.changed", "base models or datasets declared differently") \
	X(EVENT_METADATA_CHANGED, "metadata.changed", "stable fields that no other event of this look covers") \
	X(EVENT_EVIDENCE_COMMIT, "evidence.commit", "the commit behind record `of`") \
	X(EVENT_EVIDENCE_TEXT, "evidence.text", "the license texts behind record `of`") \
	X(EVENT_EVIDENCE_FLAP, "evidence.flap", "a return to the state before record `of`") \
	X(EVENT_TABLES_CHANGED, "tables.changed", "new license tables; nothing happened on the Hub") \
	X(EVENT_GAP, "gap", "something that could not be seen")

enum event {
#define X(constant, name, meaning) constant,
	EVENT_TABLE(X)
#undef X
	EVENT_COUNT
};

#endif
