/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's file: what is accepted, what is said where it is not, and that the shipped file is the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* Loads `text` as a file; the problems name it by its path, which is left out of `problem`. */
static int load(const char *text, struct config *config, struct config_problem *problem)
{
	char path[] = "/tmp/relicensed-config-XXXXXX";
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	config_init(config);
	*problem = (struct config_problem){ 0 };
	status = config_load(config, path, problem);
	unlink(path);
	return status;
}

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	config_init(&config);
	assert_string_equal(config.hub, "https://huggingface.co");
	assert_string_equal(config.contact, "");
	assert_int_equal(config.kinds, 7);
	assert_int_equal(config.poll_interval, 30 * 1000);
	assert_int_equal(config.sweep_interval, 24 * 3600 * 1000);
	assert_int_equal(config.quota_share, 50);
	assert_int_equal(config.page_bytes_max, 16 * 1024 * 1024);
	assert_int_equal(config.private_repos, 0);
	assert_int_equal(config.log_level, LEVEL_INFO);
}

static void test_accepted(void **state)
{
	struct config config;
	struct config_problem problem;

	(void)state;
	assert_int_equal(load("# a comment\n"
			      "hub = http://127.0.0.1:8080\n"
			      "kinds = spaces, models\n"
			      "poll_interval = 2m ; not often\n"
			      "sweep_interval=7d\n"
			      "retry_base = 250ms\n"
			      "page_bytes_max = 1 GiB\n"
			      "memory_max = 12 GiB\n"
			      "map_size = 1048576\n"
			      "quota_share = 100%\n"
			      "rate_without_quota = 0\n"
			      "private_repos = YES\n"
			      "log_level = debug\n", &config, &problem), 0);
	assert_int_equal(problem.count, 0);
	assert_string_equal(config.hub, "http://127.0.0.1:8080");
	assert_int_equal(config.kinds, 1 | 4);
	assert_int_equal(config.poll_interval, 120 * 1000);
	assert_int_equal(config.sweep_interval, INT64_C(7) * 24 * 3600 * 1000);
	assert_int_equal(config.retry_base, 250);
	assert_int_equal(config.page_bytes_max, 1 << 30);
	assert_int_equal(config.map_size, 1048576);
	assert_int_equal(config.quota_share, 100);
	assert_int_equal(config.rate_without_quota, 0);
	assert_int_equal(config.private_repos, 1);
	assert_int_equal(config.log_level, LEVEL_DEBUG);
}

/* Each fault with its line, its key and what would be accepted. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *said[3];
	} cases[] = {
		{ "\npol_interval = 30s\n", { ":2: pol_interval: there is no such option", "--print-config", "" } },
		{ "poll_interval = 30\n", { ":1: poll_interval: \"30\"", "a whole number with ms, s, m, h or d", "from 1s to 1d" } },
		{ "poll_interval = 30x\n", { ":1: poll_interval: \"30x\"", "", "" } },
		{ "poll_interval = 100ms\n", { "\"100ms\" is not accepted", "from 1s to 1d", "" } },
		{ "poll_interval = 2d\n", { "\"2d\"", "", "" } },
		{ "poll_interval = -5s\n", { "\"-5s\"", "", "" } },
		{ "poll_interval = 1.5m\n", { "\"1.5m\"", "", "" } },
		{ "poll_interval = 9223372036854775807d\n", { "\"9223372036854775807d\"", "", "" } },
		{ "poll_interval = 99999999999999999999s\n", { "\"99999999999999999999s\"", "", "" } },
		{ "poll_interval =\n", { ":1: poll_interval: \"\"", "", "" } },
		{ "page_bytes_max = 64MB\n", { "\"64MB\"", "KiB, MiB, GiB or TiB, from 64KiB to 1GiB", "" } },
		{ "quota_share = 50\n", { "\"50\"", "a whole number with %, from 1% to 100%", "" } },
		{ "quota_share = 0%\n", { "\"0%\"", "", "" } },
		{ "quota_share = 101%\n", { "\"101%\"", "", "" } },
		{ "kinds = models, kernels\n", { "\"models, kernels\"", "any of models, datasets, spaces", "" } },
		{ "kinds =\n", { ":1: kinds", "", "" } },
		{ "private_repos = maybe\n", { "\"maybe\"", "yes or no", "" } },
		{ "log_level = loud\n", { "\"loud\"", "error, warning, notice, info, debug", "" } },
		{ "quota_pace = fast\n", { "\"fast\"", "even or burst", "" } },
		{ "poll_share = 20%\nsweep_share = 51%\n", { "poll_share", "make 101% together", "they may make 100%" } },
		{ "hub =\n", { ":1: hub: \"\"", "a text of 1 to 255 characters", "" } },
		{ "contact = a\tb\n", { ":1: contact", "", "" } },
		{ "\n\nretries 5\n", { ":3: not understood", "key = value", "" } },
		{ "retries = 5\nretries = 6\n", { ":2: retries: this option was set before", "", "" } },
		{ "retries = 5\n  6\n", { ":2: retries", "", "" } },
		{ "[crawl]\nretries = 5\n", { ":2: [crawl]: there are no sections", "", "" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		struct config_problem problem;

		assert_int_equal(load(cases[i].text, &config, &problem), -1);
		assert_int_equal(problem.count, 1);
		for (size_t j = 0; j < 3; j++)
			if (!strstr(problem.text, cases[i].said[j]))
				fail_msg("%s gave %s not %s", cases[i].text, problem.text, cases[i].said[j]);
	}
}

static void test_every_fault_is_told(void **state)
{
	struct config config;
	struct config_problem problem;

	(void)state;
	assert_int_equal(load("retries = x\nnonsense = 1\nquota_share = 7\n", &config, &problem), -1);
	assert_int_equal(problem.count, 3);
	assert_non_null(strstr(problem.text, ":1: retries"));
	assert_non_null(strstr(problem.text, ":2: nonsense"));
	assert_non_null(strstr(problem.text, ":3: quota_share"));
}

static void test_many_faults_are_cut(void **state)
{
	struct config config;
	struct config_problem problem;
	char text[20000] = "";

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		strcat(text, "nonsense = 1\n");
	assert_int_equal(load(text, &config, &problem), -1);
	assert_int_equal(problem.count, 1000);
	assert_true(strlen(problem.text) < sizeof(problem.text));
}

static void test_long_line(void **state)
{
	struct config config;
	struct config_problem problem;
	char text[5000] = "contact = ";

	(void)state;
	memset(text + strlen(text), 'a', 3000);
	strcat(text, "\nretries = x\n");
	assert_int_equal(load(text, &config, &problem), -1);
	assert_non_null(strstr(problem.text, ":1: the line is longer than"));
	assert_non_null(strstr(problem.text, ":2: retries"));
}

static void test_no_file(void **state)
{
	struct config config;
	struct config_problem problem = { 0 };

	(void)state;
	config_init(&config);
	assert_int_equal(config_load(&config, "/nowhere/relicensed.conf", &problem), -1);
	assert_string_equal(problem.text, "/nowhere/relicensed.conf: No such file or directory\n");
}

static void test_command_line(void **state)
{
	struct config config;
	struct config_problem problem = { 0 };

	(void)state;
	config_init(&config);
	assert_int_equal(config_set(&config, "--hub", "hub", "http://[::1]:80", &problem), 0);
	assert_string_equal(config.hub, "http://[::1]:80");
	assert_int_equal(config_set(&config, "--log-level", "log_level", "x", &problem), -1);
	assert_non_null(strstr(problem.text, "--log-level: log_level: \"x\""));
}

static unsigned taken, left;

static void on_option(void *owner, const char *key, bool was_taken)
{
	(void)owner;
	(void)key;
	taken += was_taken;
	left += !was_taken;
}

static void test_reload(void **state)
{
	struct config config, fresh;

	(void)state;
	config_init(&config);
	config_init(&fresh);
	taken = left = 0;
	config_reload(&config, &fresh, on_option, NULL);
	assert_int_equal(taken + left, 0);
	fresh.poll_interval = 5000;
	fresh.retries = 1;
	strcpy(fresh.hub, "http://localhost");
	config_reload(&config, &fresh, on_option, NULL);
	assert_int_equal(taken, 2);
	assert_int_equal(left, 1);
	assert_int_equal(config.poll_interval, 5000);
	assert_string_equal(config.hub, "https://huggingface.co");
}

static char *read_all(FILE *file)
{
	char *text = calloc(1, 1 << 20);

	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

/* config/relicensed.conf is what --print-config prints, and with every # before a key removed it gives the defaults. */
static void test_shipped_file(void **state)
{
	FILE *printed = tmpfile(), *shipped = fopen("config/relicensed.conf", "r");
	struct config defaults, config;
	struct config_problem problem;
	char *text, *file;

	(void)state;
	assert_non_null(shipped); /* tests run in the project's folder */
	config_print(printed);
	rewind(printed);
	text = read_all(printed);
	file = read_all(shipped);
	assert_string_equal(file, text);
	for (char *line = text; (line = strstr(line, "\n#")); line++)
		if (line[2] != ' ' && line[2] != '\n')
			line[1] = ' ';
	for (char *line = text; (line = strstr(line, "\n ")); line++)
		memmove(line + 1, line + 2, strlen(line + 1));
	if (load(text, &config, &problem))
		fail_msg("%s", problem.text);
	config_init(&defaults);
	assert_memory_equal(&config, &defaults, sizeof(config));
	free(text);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_fault_is_told), cmocka_unit_test(test_many_faults_are_cut),
		cmocka_unit_test(test_long_line), cmocka_unit_test(test_no_file), cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_reload), cmocka_unit_test(test_shipped_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
