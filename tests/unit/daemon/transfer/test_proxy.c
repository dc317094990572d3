/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy the environment names, and for whom not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/transfer/proxy.h"

static const char *const *environment; /* name, value, name, value, ..., NULL */

static char *variable(const char *name)
{
	for (const char *const *at = environment; *at; at += 2)
		if (strcmp(at[0], name) == 0)
			return (char *)(uintptr_t)at[1];
	return NULL;
}

static struct hub_origin origin_of(const char *text)
{
	struct hub_origin origin;

	assert_true(hub_origin_read(slice_of(text), &origin));
	return origin;
}

static void test_which_variable(void **state)
{
	static const struct {
		const char *hub, *environment[9], *wanted; /* NULL: none */
	} cases[] = {
		{ "https://hub.example", { NULL }, NULL },
		{ "https://hub.example", { "https_proxy", "p:1" }, "http://p:1" },
		{ "https://hub.example", { "HTTPS_PROXY", "http://p:1" }, "http://p:1" },
		{ "https://hub.example", { "HTTPS_PROXY", "p:1", "https_proxy", "q:2" }, "http://q:2" },
		{ "https://hub.example", { "HTTPS_PROXY", "p:1", "https_proxy", "" }, "http://p:1" },
		{ "https://hub.example", { "http_proxy", "p:1" }, NULL },
		{ "https://hub.example", { "all_proxy", "p:1" }, "http://p:1" },
		{ "https://hub.example", { "ALL_PROXY", "https://p" }, "https://p" },
		{ "http://hub.example", { "http_proxy", "p:1" }, "http://p:1" },
		{ "http://hub.example", { "HTTP_PROXY", "p:1" }, NULL },
		{ "http://hub.example", { "https_proxy", "p:1" }, NULL },
		{ "http://hub.example", { "all_proxy", "p:1" }, "http://p:1" },
		{ "https://hub.example", { "https_proxy", "p:1", "no_proxy", "example" }, NULL },
		{ "https://hub.example", { "https_proxy", "p:1", "NO_PROXY", "hub.example" }, NULL },
		{ "https://hub.example", { "https_proxy", "p:1", "no_proxy", "", "NO_PROXY", "*" }, NULL },
		{ "https://hub.example", { "https_proxy", "p:1", "no_proxy", "other" }, "http://p:1" },
		{ "https://localhost:8443", { "https_proxy", "p:1" }, NULL },
		{ "http://127.0.0.9", { "all_proxy", "p:1" }, NULL },
		{ "https://[::1]", { "all_proxy", "socks5://p:1" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_origin hub = origin_of(cases[i].hub);
		char why[PROXY_WHY_SIZE];
		struct proxy proxy;
		struct slice unread;

		environment = cases[i].environment;
		assert_int_equal(proxy_find(&hub, variable, &proxy, &unread, why), cases[i].wanted ? PROXY_FOUND : PROXY_NONE);
		if (cases[i].wanted)
			assert_string_equal(proxy.origin.text, cases[i].wanted);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *text, *origin, *port, *user, *password; /* origin NULL: refused */
	} cases[] = {
		{ "proxy", "http://proxy", "80", "", "" },
		{ "proxy:3128", "http://proxy:3128", "3128", "", "" },
		{ "http://Proxy:3128/", "http://proxy:3128", "3128", "", "" },
		{ "HTTPS://proxy", "https://proxy", "443", "", "" },
		{ "http://[::1]:3128", "http://[::1]:3128", "3128", "", "" },
		{ "http://me@proxy", "http://proxy", "80", "me", "" },
		{ "me:secret@proxy:8", "http://proxy:8", "8", "me", "secret" },
		{ "http://m%65:a:b%40%3A@proxy", "http://proxy", "80", "me", "a:b@:" },
		{ "http://me:p@ss@proxy", "http://proxy", "80", "me", "p@ss" },
		{ "http://me:100%@proxy", "http://proxy", "80", "me", "100%" },
		{ "http://me:%zz@proxy", "http://proxy", "80", "me", "%zz" },
		{ "http://me:a%0ab@proxy", NULL, NULL, NULL, NULL },
		{ "http://me:a%00b@proxy", NULL, NULL, NULL, NULL },
		{ "socks5h://proxy:1080", NULL, NULL, NULL, NULL },
		{ "http://proxy/path", NULL, NULL, NULL, NULL },
		{ "http://", NULL, NULL, NULL, NULL },
		{ "http://me@", NULL, NULL, NULL, NULL },
		{ "proxy:0", NULL, NULL, NULL, NULL },
		{ "proxy:99999", NULL, NULL, NULL, NULL },
		{ "two words", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct proxy proxy;
		bool good = proxy_read(slice_of(cases[i].text), &proxy);

		if (good != !!cases[i].origin)
			fail_msg("%s", cases[i].text);
		if (!good)
			continue;
		assert_string_equal(proxy.origin.text, cases[i].origin);
		assert_string_equal(proxy.origin.port, cases[i].port);
		assert_string_equal(proxy.user, cases[i].user);
		assert_string_equal(proxy.password, cases[i].password);
	}
}

static void test_exceptions(void **state)
{
	static const struct {
		const char *list, *hub;
		bool excepted;
	} cases[] = {
		{ "", "https://hub.example", false },
		{ "*", "https://hub.example", true },
		{ "hub.example", "https://hub.example", true },
		{ "HUB.Example", "https://hub.example", true },
		{ "example", "https://hub.example", true },
		{ ".example", "https://hub.example", true },
		{ "*.example", "https://hub.example", true },
		{ ".hub.example", "https://hub.example", true },
		{ "ub.example", "https://hub.example", false },
		{ "a.hub.example", "https://hub.example", false },
		{ "one, two\thub.example ,three", "https://hub.example", true },
		{ "one,,two", "https://hub.example", false },
		{ "hub.example:443", "https://hub.example", true },
		{ "hub.example:8443", "https://hub.example", false },
		{ "hub.example:8443", "https://hub.example:8443", true },
		{ "10.0.0.1", "https://10.0.0.1", true },
		{ "0.0.1", "https://10.0.0.1", false },
		{ "10.0.0.1", "https://10.0.0.12", false },
		{ "fe80::1", "https://[fe80::1]", true },
		{ "[fe80::1]", "https://[fe80::1]", true },
		{ "[fe80::1]:443", "https://[fe80::1]", true },
		{ "[fe80::1]:8", "https://[fe80::1]", false },
		{ ".", "https://hub.example", false },
		{ ":443", "https://hub.example", false },
		{ "hub.example.", "https://hub.example", true },
		{ "10.0.0.0/8", "https://10.1.2.3", true },
		{ "192.168.0.0/16,10.1.2.0/24", "https://10.1.2.3", true },
		{ "10.1.2.3/32", "https://10.1.2.3", true },
		{ "10.1.2.2/31", "https://10.1.2.3", true },
		{ "10.1.2.0/31", "https://10.1.2.3", false },
		{ "11.0.0.0/8", "https://10.1.2.3", false },
		{ "0.0.0.0/0", "https://10.1.2.3", true },
		{ "10.0.0.0/33", "https://10.1.2.3", false },
		{ "10.0.0.0/", "https://10.1.2.3", false },
		{ "10.0.0.0/8", "https://hub.example", false },
		{ "10.0.0.0/8", "https://10.0.0.0.example", false },
		{ "fd00::/8", "https://[fdab::1]", true },
		{ "fd00:0:0::1", "https://[fd00::1]", true },
		{ "fe80::/10", "https://[fd00::1]", false },
		{ "[fd00::/8]:8443", "https://[fd00::1]:8443", true },
		{ "::/0", "https://10.1.2.3", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_origin hub = origin_of(cases[i].hub);

		if (proxy_is_excepted(cases[i].list, &hub) != cases[i].excepted)
			fail_msg("\"%s\" and %s", cases[i].list, cases[i].hub);
	}
}

static void test_what_is_not_understood(void **state)
{
	static const struct {
		const char *list, *unread;
	} cases[] = {
		{ "", "" }, { "*, .example, 10.0.0.0/8 [fd00::1]:80", "" }, { "one, 10.0.0.0/33, two", "10.0.0.0/33" },
		{ "hub.*.example", "hub.*.example" }, { "http://hub.example", "http://hub.example" }, { "10.0.0.0/8/8", "10.0.0.0/8/8" },
		{ "a;b", "a;b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		if (!slice_is(proxy_exception_unread(cases[i].list), cases[i].unread))
			fail_msg("\"%s\"", cases[i].list);
}

/* What is wrong is said by the variable's name; its value may hold a password. */
static void test_refusal_shows_no_secret(void **state)
{
	static const char *const wrong[] = { "https_proxy", "socks5://me:hunter2@p:1", NULL };
	struct hub_origin hub = origin_of("https://hub.example");
	char why[PROXY_WHY_SIZE];
	struct proxy proxy;
	struct slice unread;

	(void)state;
	environment = wrong;
	assert_int_equal(proxy_find(&hub, variable, &proxy, &unread, why), PROXY_UNUSABLE);
	assert_non_null(strstr(why, "https_proxy"));
	assert_null(strstr(why, "hunter2"));
	assert_string_equal(proxy.password, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_variable), cmocka_unit_test(test_values), cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_what_is_not_understood),
		cmocka_unit_test(test_refusal_shows_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
