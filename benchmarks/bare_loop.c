/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare_loop URLS CA_FILE IN_FLIGHT CONNECTIONS: what libcurl itself costs.
 *
 * Fetches each URL of a file to nowhere, by a curl multi handle on a libuv loop and nothing else, tuned as well as we
 * know: handles and connections used again, HTTP/2 multiplexed, a large buffer, no more given to curl than it can send.
 * Prints requests, bytes and seconds from the first request to the last answer.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "storage/model/memory.h"

enum { BUFFER_BYTES = 100 * 1024, URL_SIZE = 4096 };

struct watched {
	uv_poll_t poll;
	curl_socket_t socket;
};

static CURLM *multi;
static uv_timer_t timer;
static char **urls;
static size_t count, next, done, failed, bytes;

static size_t on_body(char *data, size_t one, size_t size, void *owner)
{
	(void)data;
	(void)owner;
	bytes += one * size;
	return one * size;
}

static void give(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_URL, urls[next++]);
	curl_multi_add_handle(multi, easy);
}

static void take_finished(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *easy = message->easy_handle;
		long status = 0;

		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		failed += message->data.result != CURLE_OK || status != 200;
		done++;
		curl_multi_remove_handle(multi, easy);
		if (next < count)
			give(easy);
		else
			curl_easy_cleanup(easy);
	}
	if (done == count)
		uv_stop(uv_default_loop());
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct watched *watched = poll->data;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;

	flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	curl_multi_socket_action(multi, watched->socket, flags, &running);
	take_finished();
}

static void on_timer(uv_timer_t *handle)
{
	int running;

	(void)handle;
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_finished();
}

static int on_timeout(CURLM *from, long timeout_ms, void *owner)
{
	(void)from;
	(void)owner;
	if (timeout_ms < 0)
		uv_timer_stop(&timer);
	else
		uv_timer_start(&timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *owner, void *known)
{
	struct watched *watched = known;

	(void)easy;
	(void)owner;
	if (what == CURL_POLL_REMOVE) {
		if (watched)
			uv_close((uv_handle_t *)&watched->poll, on_closed);
		return 0;
	}
	if (!watched) {
		watched = calloc(1, sizeof(*watched));
		watched->socket = socket;
		uv_poll_init_socket(uv_default_loop(), &watched->poll, socket);
		watched->poll.data = watched;
		curl_multi_assign(multi, socket, watched);
	}
	uv_poll_start(&watched->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0), on_event);
	return 0;
}

static void read_urls(const char *path)
{
	char line[URL_SIZE];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (count % 1024 == 0)
			urls = memory_grow(urls, count + 1024, sizeof(*urls));
		urls[count++] = strdup(line);
	}
	if (file)
		fclose(file);
}

static void start(const char *ca_file, struct curl_slist *headers)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "bare_loop");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	give(easy);
}

int main(int argc, char **argv)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	uint64_t start_ns;
	double seconds;

	if (argc != 5)
		return 64;
	read_urls(argv[1]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	uv_timer_init(uv_default_loop(), &timer);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, strtol(argv[4], NULL, 10));
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	start_ns = uv_hrtime();
	for (long left = strtol(argv[3], NULL, 10); left > 0 && next < count; left--)
		start(argv[2], headers);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	seconds = (double)(uv_hrtime() - start_ns) / 1e9;
	printf("%zu requests %zu failed %zu bytes %.4f s\n", done, failed, bytes, seconds);
	return failed || done != count;
}
