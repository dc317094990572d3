/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files of a repo are asked for: its card, and where its license may stand. Pure.
 *
 * The Hub counts a request for some files (config.json, every .gguf and the like) as a download of the repo, so names
 * that a repo chooses itself are taken only where they look like a text about a license.
 */
#ifndef DAEMON_HUB_FILE_NAME_H
#define DAEMON_HUB_FILE_NAME_H

#include "daemon/hub/url.h"
#include "storage/model/text.h"

enum { LICENSE_NAMES_MAX = 4 };

struct license_names {
	unsigned count;
	char name[LICENSE_NAMES_MAX][TEXT_NAME_MAX + 1];
};

#define CARD_FILE "README.md"

/*
 * The names to try, in this order: the one that license_link names (relative, or a URL of the same repo), if it is
 * allowed; LICENSE, LICENSE.md, LICENSE.txt. Each once.
 */
void license_names(const struct hub_origin *origin, enum repo_kind kind, struct slice repo, struct slice license_link,
	struct license_names *names);

/*
 * LICENSE, LICENCE, COPYING, NOTICE, TERMS, EULA, USE_POLICY, USAGE_POLICY or CARD_FILE, with whatever of letters,
 * digits, dot, dash and underscore before or behind the word, without an ending or with .md, .txt, .rst. Letter case
 * does not count. No folders.
 */
bool file_is_allowed(struct slice name);

/* Whether a URL leads to a file of this name: it is the last part of its path. */
bool url_is_of_file(struct slice url, struct slice name);

#endif
