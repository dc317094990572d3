// SPDX-License-Identifier: Apache-2.0
// The official JavaScript client (@huggingface/hub) against hubsim: it must see a Hub.
// Run by run.sh: `node client.mjs HUBSIM ROWS` with the package found from the working directory.
// One line a check, `ok NAME` or `not ok NAME: why`; exit status 1 if one failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const hubLibrary = createRequire(path.join(process.cwd(), "package.json"))("@huggingface/hub");
const { listModels, listDatasets, listSpaces, modelInfo, datasetInfo, spaceInfo, listCommits, countCommits, listFiles,
	downloadFile, fileExists, checkRepoAccess } = hubLibrary;
const [program, rows] = process.argv.slice(2);
const reader = "hf_reader", stranger = "hf_stranger";

async function startHubsim(...more) {
	const child = spawn(program, ["--rows", rows, "--token", reader, "--token", stranger + "=", ...more],
		{ stdio: ["ignore", "pipe", "inherit"] });
	let text = "";
	for await (const piece of child.stdout) {
		text += piece;
		if (text.includes("\n"))
			break;
	}
	return { hubUrl: text.trim().replace("listening on ", ""), stop: () => child.kill() };
}

async function collect(generator, most = Infinity) {
	const items = [];
	for await (const item of generator) {
		items.push(item);
		if (items.length === most)
			break;
	}
	return items;
}

/* The error of a call that must fail. */
async function failure(call) {
	try {
		await call();
	} catch (error) {
		return error;
	}
	throw new assert.AssertionError({ message: "it did not fail" });
}

const checks = {
	async "lists every kind over all pages"({ hubUrl }) {
		const { repos } = await (await fetch(hubUrl + "/sim/stats")).json();
		for (const [kind, list, hidden] of [["models", listModels, 1], ["datasets", listDatasets, 0], ["spaces", listSpaces, 0]]) {
			const items = await collect(list({ hubUrl }));
			assert.equal(items.length, repos[kind] - hidden, kind);
			assert.equal(new Set(items.map((item) => item.id)).size, items.length);
		}
		const { pages } = await (await fetch(hubUrl + "/sim/stats")).json();
		assert.ok(pages >= 15, `${pages} pages of 500`);
	},
	async "list fields, sorts and filters"({ hubUrl }) {
		const [falcon] = await collect(listModels({ hubUrl, search: { owner: "tiiuae" },
			additionalFields: ["cardData", "tags", "author", "sha", "createdAt", "gitalyUid", "filePaths"] }));
		assert.equal(falcon.id, "64666f3ba5b6a2b4e1c1a7d1");
		assert.equal(falcon.name, "tiiuae/falcon-40b");
		assert.equal(falcon.cardData.license, "apache-2.0");
		assert.equal(falcon.gated, false);
		assert.equal(falcon.updatedAt.toISOString(), "2023-05-31T12:00:00.000Z");
		assert.deepEqual(falcon.filePaths, [".gitattributes", "LICENSE", "README.md"]);
		const likes = (await collect(listModels({ hubUrl, sort: "likes", limit: 700 }))).map((model) => model.likes);
		assert.equal(likes.length, 700);
		assert.deepEqual(likes, likes.toSorted((a, b) => b - a));
		for (const model of await collect(listModels({ hubUrl, limit: 20, search: { tags: ["license:mit"] }, additionalFields: ["tags"] })))
			assert.ok(model.tags.includes("license:mit"));
	},
	async "single repos"({ hubUrl }) {
		assert.equal((await modelInfo({ hubUrl, name: "tiiuae/falcon-40b" })).task, "text-generation");
		const dataset = await datasetInfo({ hubUrl, name: "cais/mmlu", additionalFields: ["cardData"] });
		assert.deepEqual(dataset.cardData.license, ["mit"]);
		assert.equal((await spaceInfo({ hubUrl, name: "pngwn/music-visualizer" })).sdk, "gradio");
		await checkRepoAccess({ hubUrl, repo: { type: "dataset", name: "cais/mmlu" } });
	},
	async "renames"({ hubUrl }) {
		assert.equal((await modelInfo({ hubUrl, name: "tii/falcon" })).name, "tiiuae/falcon-40b");
		assert.equal((await modelInfo({ hubUrl, name: "TIIUAE/FALCON-40B" })).name, "tiiuae/falcon-40b");
	},
	async "history"({ hubUrl }) {
		const repo = { type: "model", name: "tiiuae/falcon-40b" };
		const commits = await collect(listCommits({ hubUrl, repo, batchSize: 1 }));
		assert.deepEqual(commits.map((commit) => commit.title), ["Update README.md", "Upload"]);
		assert.equal(await countCommits({ hubUrl, repo }), 2);
		const old = await modelInfo({ hubUrl, name: repo.name, revision: commits[1].oid, additionalFields: ["cardData"] });
		assert.equal(old.cardData.license_name, "falcon-llm-license");
	},
	async "files"({ hubUrl }) {
		const repo = { type: "model", name: "tiiuae/falcon-40b" };
		const files = await collect(listFiles({ hubUrl, repo, expand: true }));
		assert.deepEqual(files.map((file) => file.path), [".gitattributes", "LICENSE", "README.md"]);
		assert.equal(files[1].lastCommit.title, "Update README.md");
		const license = await downloadFile({ hubUrl, repo, path: "LICENSE" });
		assert.equal(await license.text(), "Apache License, Version 2.0\n");
		const raw = await downloadFile({ hubUrl, repo, path: "README.md", raw: true });
		assert.ok((await raw.text()).endsWith("---\n# Falcon-40B\n"));
		assert.equal(await downloadFile({ hubUrl, repo, path: "config.json" }), null);
		assert.equal(await fileExists({ hubUrl, repo, path: "config.json" }), false);
	},
	async "gated"({ hubUrl }) {
		const repo = { type: "model", name: "meta-llama/Llama-3.1-8B" };
		assert.equal((await modelInfo({ hubUrl, name: repo.name })).gated, "manual");
		const error = await failure(() => collect(listCommits({ hubUrl, repo })));
		assert.equal(error.statusCode, 401);
		assert.match(error.message, /^Access to model meta-llama\/Llama-3.1-8B is restricted\. You must have access/);
		assert.equal((await failure(() => collect(listCommits({ hubUrl, repo, accessToken: stranger })))).statusCode, 403);
		assert.equal((await collect(listCommits({ hubUrl, repo, accessToken: reader }))).length, 1);
	},
	async "missing and private"({ hubUrl }) {
		const error = await failure(() => modelInfo({ hubUrl, name: "no/such" }));
		assert.equal(error.statusCode, 401);
		assert.match(error.message, /^Invalid username or password\./);
		assert.match(error.requestId, /^Root=1-/);
		assert.equal((await failure(() => modelInfo({ hubUrl, name: "no/such", accessToken: stranger }))).statusCode, 404);
		assert.equal((await failure(() => modelInfo({ hubUrl, name: "someone/secret" }))).statusCode, 401);
		assert.equal((await modelInfo({ hubUrl, name: "someone/secret", accessToken: reader })).private, true);
		const revision = await failure(() => modelInfo({ hubUrl, name: "tiiuae/falcon-40b", revision: "no-such" }));
		assert.equal(revision.statusCode, 404);
		assert.match(revision.message, /^Invalid rev id: no-such/);
	},
	async "bad requests"({ hubUrl }) {
		const error = await failure(() => collect(listModels({ hubUrl, additionalFields: ["nonsense"] })));
		assert.equal(error.statusCode, 400);
		assert.match(error.message, /expected one of "author"\|[^]*at expand\[6\]/);
	},
	async "429"() {
		const small = await startHubsim("--quota", "api=2/3600");
		try {
			await modelInfo({ hubUrl: small.hubUrl, name: "tiiuae/falcon-40b" });
			await modelInfo({ hubUrl: small.hubUrl, name: "tiiuae/falcon-40b" });
			const error = await failure(() => collect(listModels({ hubUrl: small.hubUrl })));
			assert.equal(error.statusCode, 429);
			assert.match(error.message, /^We had to rate limit your IP \(127\.0\.0\.1\)/);
		} finally {
			small.stop();
		}
	},
};

const hub = await startHubsim("--generate", "8000", "--kinds", "models=34,datasets=33,spaces=33", "--quota", "none");
for (const [name, check] of Object.entries(checks)) {
	try {
		await check(hub);
		console.log(`ok javascript: ${name}`);
	} catch (error) {
		console.log(`not ok javascript: ${name}: ${error.stack}`);
		process.exitCode = 1;
	}
}
hub.stop();
