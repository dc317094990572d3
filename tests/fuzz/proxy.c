/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a proxy variable, then one of a no_proxy list: texts end within their arrays, and a login holds no control character. */
#include <ctype.h>

#include "daemon/transfer/proxy.h"
#include "tests/fuzz/fuzz.h"

static void check_login(const char *login)
{
	FUZZ_CHECK(memchr(login, '\0', PROXY_LOGIN_SIZE));
	for (; *login; login++)
		FUZZ_CHECK(!iscntrl((unsigned char)*login));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_text(data, size), value = slice_take_line(&rest);
	char *list = memory_text(rest.size ? rest.data : "", rest.size);
	struct hub_origin hub;
	struct proxy proxy;

	FUZZ_CHECK(hub_origin_read(SLICE("https://hub.example:8443"), &hub));
	if (proxy_read(value, &proxy)) {
		check_login(proxy.user);
		check_login(proxy.password);
		FUZZ_CHECK(proxy.origin.host[0] && proxy.origin.port[0]);
	}
	proxy_is_excepted(list, &hub);
	free(list);
	return 0;
}
