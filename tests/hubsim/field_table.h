/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the Hub's row members, in the order in which the server sends them (seen on real rows).
 *
 * X(name, models, datasets, spaces, class, value when a row lacks it)
 *
 * Where a member is shown, for each kind:
 *   D  list, plain                    F  list with full=true
 *   L  may be named by expand[] of a list   S  may be named by expand[] of one repo   I  one repo, plain
 * (The letters are field.c's.) Two more are asked for by a parameter of their own: cardData=true and config=true (models).
 * The allowed names are those of the official clients' types; `usedStorage` is refused by the model list though valid
 * for one model (seen 2026), and spaces have no `gated` there.
 *
 * Classes: FIXED belongs to the repo itself; SETTING changes without a commit; COUNTER changes all the time; CONTENT
 * changes by commits; HIDDEN is hubsim's own, never shown.
 */
#ifndef HUBSIM_FIELD_TABLE_H
#define HUBSIM_FIELD_TABLE_H

#define FIELD_TABLE(X) \
	X(id, "id", 0, 0, 0, FIXED, NULL) \
	X(author, "author", F | L | S | I, D | F | L | S | I, F | L | S | I, FIXED, NULL) \
	X(cardData, "cardData", L | S | I, F | L | S | I, F | L | S | I, CONTENT, NULL) \
	X(baseModels, "baseModels", L | S, 0, 0, CONTENT, NULL) \
	X(childrenModelCount, "childrenModelCount", L | S, 0, 0, COUNTER, NULL) \
	X(disabled, "disabled", F | L | S | I, D | F | L | S | I, L | S | I, SETTING, "false") \
	X(evalResults, "evalResults", L | S, 0, 0, CONTENT, NULL) \
	X(gated, "gated", F | L | S | I, D | F | L | S | I, I, SETTING, "false") \
	X(gitalyUid, "gitalyUid", L | S, 0, L | S, FIXED, NULL) \
	X(gguf, "gguf", L | S | I, 0, 0, CONTENT, NULL) \
	X(inference, "inference", L | S | I, 0, 0, COUNTER, NULL) \
	X(inferenceProviderMapping, "inferenceProviderMapping", L | S, 0, 0, COUNTER, NULL) \
	X(lastModified, "lastModified", F | L | S | I, D | F | L | S | I, F | L | S | I, FIXED, NULL) \
	X(likes, "likes", D | F | L | S | I, D | F | L | S | I, D | F | L | S | I, COUNTER, "0") \
	X(trendingScore, "trendingScore", D | F | L | S, D | F | L | S, D | F | L | S, COUNTER, "0") \
	X(private, "private", D | F | L | S | I, D | F | L | S | I, D | F | L | S | I, SETTING, "false") \
	X(sha, "sha", F | L | S | I, D | F | L | S | I, F | L | S | I, FIXED, NULL) \
	X(config, "config", L | S | I, 0, 0, CONTENT, NULL) \
	X(description, "description", 0, D | F | L | S | I, 0, CONTENT, NULL) \
	X(citation, "citation", 0, D | F | L | S | I, 0, CONTENT, NULL) \
	X(downloads, "downloads", D | F | L | S | I, D | F | L | S | I, 0, COUNTER, "0") \
	X(downloadsAllTime, "downloadsAllTime", L | S, L | S, 0, COUNTER, NULL) \
	X(paperswithcode_id, "paperswithcode_id", 0, D | F | L | S | I, 0, CONTENT, NULL) \
	X(tags, "tags", D | F | L | S | I, D | F | L | S | I, D | F | L | S | I, CONTENT, "[]") \
	X(pipeline_tag, "pipeline_tag", D | F | L | S | I, 0, 0, CONTENT, NULL) \
	X(library_name, "library_name", D | F | L | S | I, 0, 0, CONTENT, NULL) \
	X(mask_token, "mask_token", L | S | I, 0, 0, CONTENT, NULL) \
	X(widgetData, "widgetData", L | S | I, 0, 0, CONTENT, NULL) \
	X(model_index, "model-index", L | S | I, 0, 0, CONTENT, NULL) \
	X(transformersInfo, "transformersInfo", L | S | I, 0, 0, CONTENT, NULL) \
	X(sdk, "sdk", 0, 0, D | F | L | S | I, CONTENT, NULL) \
	X(subdomain, "subdomain", 0, 0, F | L | S | I, FIXED, NULL) \
	X(runtime, "runtime", 0, 0, L | S | I, COUNTER, NULL) \
	X(region, "region", 0, 0, L | S, SETTING, NULL) \
	X(models, "models", 0, 0, F | L | S | I, CONTENT, NULL) \
	X(datasets, "datasets", 0, 0, F | L | S | I, CONTENT, NULL) \
	X(siblings, "siblings", F | L | S | I, L | S | I, F | L | S | I, CONTENT, NULL) \
	X(spaces, "spaces", L | S | I, 0, 0, COUNTER, NULL) \
	X(safetensors, "safetensors", L | S | I, 0, 0, CONTENT, NULL) \
	X(resourceGroup, "resourceGroup", L | S, L | S, L | S, SETTING, NULL) \
	X(mainSize, "mainSize", 0, L | S, 0, CONTENT, NULL) \
	X(xetEnabled, "xetEnabled", S, 0, S, SETTING, NULL) \
	X(usedStorage, "usedStorage", S | I, L | S | I, L | S | I, COUNTER, NULL) \
	X(host, "host", 0, 0, I, SETTING, NULL) \
	X(createdAt, "createdAt", D | F | L | S | I, D | F | L | S | I, D | F | L | S | I, FIXED, NULL) \
	X(modelId, "modelId", D | F | I, 0, 0, FIXED, NULL) \
	X(key, "key", 0, D | F, 0, FIXED, NULL) \
	X(commit, "commit", 0, 0, 0, HIDDEN, NULL) \
	X(commitUser, "commitUser", 0, 0, 0, HIDDEN, NULL) \
	X(readmeText, "readmeText", 0, 0, 0, HIDDEN, NULL) \
	X(licenseText, "licenseText", 0, 0, 0, HIDDEN, NULL) \
	X(licenseFile, "licenseFile", 0, 0, 0, HIDDEN, NULL) \
	X(licenseElsewhere, "licenseElsewhere", 0, 0, 0, HIDDEN, NULL)

enum field {
#define X(name, text, models, datasets, spaces, class, value) FIELD_##name,
	FIELD_TABLE(X)
#undef X
	FIELD_KNOWN
};

#endif
