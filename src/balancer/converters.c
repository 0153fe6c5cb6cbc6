/* SPDX-License-Identifier: ISC */
/*
 * converters.c - what can be done to a value, one row each: name, kinds of
 * its arguments, types in and out. Constant; any thread.
 */
#include "balancer/converters.h"

#define ROW(name, args, in, out, help)					\
	{ name, args, LB_TYPE_##in, LB_TYPE_##out, LB_CLASS_F, help }
#define IGNORED(name, args, in, out)					\
	{ name, args, LB_TYPE_##in, LB_TYPE_##out, LB_CLASS_W, NULL }
#define TABLE(name, help)	ROW("table_" name, "T", ANY, INT, help)
#define MAP(suffix, out)						\
	ROW("map_str" suffix, "s?s", STR, out, "exact key"),		\
	ROW("map_beg" suffix, "s?s", STR, out, "key is a beginning"),	\
	ROW("map_end" suffix, "s?s", STR, out, "key is an end"),	\
	ROW("map_sub" suffix, "s?s", STR, out, "key is a part"),	\
	ROW("map_dir" suffix, "s?s", STR, out, "key is a directory"),	\
	ROW("map_dom" suffix, "s?s", STR, out, "key is a domain"),	\
	ROW("map_len" suffix, "s?s", STR, out, "key is the length"),	\
	ROW("map_reg" suffix, "s?s", STR, out, "key is an expression"),	\
	ROW("map_int" suffix, "s?s", INT, out, "key is a number"),	\
	ROW("map_ip" suffix, "s?s", ADDR, out, "key is a network"),	\
	ROW("map_key" suffix, "s?s", STR, out, "the key that matched")

const struct lb_converter lb_converters[] = {
	ROW("add", "o", INT, INT, "plus"),
	ROW("and", "o", INT, INT, "bitwise and"),
	ROW("b64dec", "", STR, BIN, "decodes base64"),
	ROW("base64", "", BIN, STR, "encodes base64"),
	ROW("base2", "?u", BIN, STR, "as binary digits"),
	ROW("be2dec", "su?u", BIN, STR, "big-endian chunks as decimal"),
	ROW("be2hex", "?suu", BIN, STR, "chunks as hex"),
	ROW("bool", "", INT, BOOL, "is it not 0?"),
	ROW("bytes", "o?o", BIN, BIN, "a part, by offset and length"),
	ROW("capture-req", "u", STR, STR, "kept in a capture slot"),
	ROW("capture-res", "u", STR, STR, "kept in a capture slot"),
	ROW("concat", "?sss", STR, STR, "text, variable, text behind"),
	ROW("cpl", "", INT, INT, "bitwise complement"),
	ROW("crc32", "?u", BIN, INT, "CRC-32"),
	ROW("crc32c", "?u", BIN, INT, "CRC-32C"),
	ROW("cut_crlf", "", STR, STR, "up to the first end of line"),
	ROW("debug", "?ss", ANY, SAME, "shows the value"),
	ROW("delta_var", "V", INT, INT, "difference to a variable"),
	ROW("digest", "s", BIN, BIN, "digest by its name"),
	ROW("div", "o", INT, INT, "divided by"),
	ROW("djb2", "?u", BIN, INT, "hash djb2"),
	ROW("even", "", INT, BOOL, "is it even?"),
	ROW("field", "is?i", STR, STR, "a field, by number"),
	ROW("fix_is_valid", "", BIN, BOOL, "is it a FIX message?"),
	ROW("fix_tag_value", "s", BIN, BIN, "a tag of a FIX message"),
	ROW("hex", "", BIN, STR, "as hex digits"),
	ROW("hex2i", "", STR, INT, "hex digits as a number"),
	ROW("hmac", "ss", BIN, BIN, "HMAC by digest and key"),
	ROW("host_only", "", STR, STR, "without the port"),
	ROW("htonl", "", INT, BIN, "as 4 bytes"),
	ROW("iif", "ss", BOOL, STR, "one text or the other"),
	ROW("in_table", "T", ANY, BOOL, "is it in the table?"),
	ROW("ip", "", STR, ADDR, "as an address"),
	ROW("ip.fp", "?u", BIN, BIN, "fingerprint of a SYN"),
	ROW("ip.ver", "", BIN, INT, "version of an IP packet"),
	ROW("ipmask", "4?6", ADDR, ADDR, "masked"),
	ROW("json", "?s", STR, STR, "escaped for JSON"),
	ROW("json_query", "s?s", STR, ANY, "a value of a JSON text"),
	ROW("jwt_header_query", "?ss", BIN, BIN, "of a token's header"),
	ROW("jwt_payload_query", "?ss", BIN, BIN, "of a token's payload"),
	ROW("jwt_verify", "ss", BIN, INT, "is the token signed with the key?"),
	ROW("language", "s?s", STR, STR, "best of a list of languages"),
	ROW("le2dec", "su?u", BIN, STR, "little-endian chunks as decimal"),
	ROW("length", "", STR, INT, "its length"),
	ROW("lower", "", STR, STR, "in lower case"),
	ROW("ltime", "s?i", INT, STR, "local time by a format"),
	ROW("ltrim", "s", STR, STR, "without these at the start"),
	ROW("map", "s?s", STR, STR, "value of a map file"),
	MAP("", STR),
	MAP("_str", STR),
	MAP("_int", INT),
	MAP("_ip", ADDR),
	ROW("map_regm", "s?s", STR, STR, "expression with references"),
	ROW("md5", "", BIN, BIN, "MD5"),
	ROW("mod", "o", INT, INT, "rest of a division"),
	IGNORED("mqtt_field_value", "ss", BIN, BIN),
	IGNORED("mqtt_is_valid", "", BIN, BOOL),
	ROW("ms_ltime", "s?i", INT, STR, "local time of milliseconds"),
	ROW("ms_utime", "s?i", INT, STR, "UTC of milliseconds"),
	ROW("mul", "o", INT, INT, "times"),
	ROW("nbsrv", "", STR, INT, "usable servers of that backend"),
	ROW("neg", "", INT, INT, "negated"),
	ROW("not", "", BOOL, BOOL, "the contrary"),
	ROW("odd", "", INT, BOOL, "is it odd?"),
	ROW("or", "o", INT, INT, "bitwise or"),
	ROW("param", "s?s", STR, STR, "a parameter of a query"),
	ROW("port_only", "", STR, INT, "the port alone"),
	IGNORED("protobuf", "s?s", BIN, BIN),
	ROW("regsub", "ss?s", STR, STR, "replaces an expression"),
	ROW("reverse", "", STR, STR, "backwards"),
	ROW("reverse_dom", "", STR, STR, "labels backwards"),
	ROW("rfc7239_field", "s", STR, STR, NULL),
	ROW("rfc7239_is_valid", "", STR, BOOL, NULL),
	ROW("rfc7239_n2nn", "", STR, ANY, NULL),
	ROW("rfc7239_n2np", "", STR, INT, NULL),
	ROW("rtrim", "s", STR, STR, "without these at the end"),
	ROW("sdbm", "?u", BIN, INT, "hash sdbm"),
	ROW("secure_memcmp", "V", BIN, BOOL, "same as a variable?"),
	ROW("set-var", "V?s", ANY, SAME, "kept in a variable"),
	ROW("sha1", "", BIN, BIN, "SHA-1"),
	ROW("sha2", "?u", BIN, BIN, "SHA-2 of that many bits"),
	ROW("srv_queue", "", STR, INT, "sessions that wait for the server"),
	ROW("str", "", STR, STR, "as text"),
	ROW("strcmp", "V", STR, INT, "compared with a variable"),
	ROW("sub", "o", INT, INT, "minus"),
	TABLE("bytes_in_rate", "bytes from clients in the period"),
	TABLE("bytes_out_rate", "bytes to clients in the period"),
	TABLE("conn_cnt", "connections"),
	TABLE("conn_cur", "connections now"),
	TABLE("conn_rate", "connections in the period"),
	ROW("table_clr_gpc", "uT", ANY, INT, "sets counter N to 0"),
	TABLE("clr_gpc0", "sets counter 0 to 0"),
	TABLE("clr_gpc1", "sets counter 1 to 0"),
	ROW("table_expire", "T?s", ANY, INT, "milliseconds to live"),
	TABLE("glitch_cnt", "protocol glitches"),
	TABLE("glitch_rate", "protocol glitches in the period"),
	ROW("table_gpc", "uT", ANY, INT, "counter N"),
	TABLE("gpc0", "counter 0"),
	TABLE("gpc0_rate", "growth of counter 0"),
	TABLE("gpc1", "counter 1"),
	TABLE("gpc1_rate", "growth of counter 1"),
	ROW("table_gpc_rate", "uT", ANY, INT, "growth of counter N"),
	ROW("table_gpt", "uT", ANY, INT, "tag N"),
	TABLE("gpt0", "tag 0"),
	TABLE("http_err_cnt", "HTTP errors"),
	TABLE("http_err_rate", "HTTP errors in the period"),
	TABLE("http_fail_cnt", "HTTP failures"),
	TABLE("http_fail_rate", "HTTP failures in the period"),
	TABLE("http_req_cnt", "HTTP requests"),
	TABLE("http_req_rate", "HTTP requests in the period"),
	ROW("table_idle", "T?s", ANY, INT, "milliseconds since its use"),
	ROW("table_inc_gpc", "uT", ANY, INT, "adds 1 to counter N"),
	TABLE("inc_gpc0", "adds 1 to counter 0"),
	TABLE("inc_gpc1", "adds 1 to counter 1"),
	TABLE("kbytes_in", "kilobytes from clients"),
	TABLE("kbytes_out", "kilobytes to clients"),
	ROW("table_server_id", "T", ANY, INT, "server of the entry"),
	TABLE("sess_cnt", "sessions"),
	TABLE("sess_rate", "sessions in the period"),
	TABLE("trackers", "how many track it"),
	ROW("ub64dec", "", STR, BIN, "decodes base64 for URLs"),
	ROW("ub64enc", "", BIN, STR, "encodes base64 for URLs"),
	IGNORED("ungrpc", "s?s", BIN, BIN),
	ROW("unset-var", "V", ANY, SAME, "forgets a variable"),
	ROW("upper", "", STR, STR, "in upper case"),
	ROW("url_dec", "?u", STR, STR, "decodes a URL"),
	ROW("url_enc", "?s", STR, STR, "encodes for a URL"),
	ROW("us_ltime", "s?i", INT, STR, "local time of microseconds"),
	ROW("us_utime", "s?i", INT, STR, "UTC of microseconds"),
	ROW("utime", "s?i", INT, STR, "UTC by a format"),
	ROW("when", "s?ss", ANY, SAME, "the value under a condition"),
	ROW("word", "is?i", STR, STR, "a word, by number"),
	ROW("wt6", "?u", BIN, INT, "hash wt6"),
	ROW("x509_v_err_str", "", INT, STR, "an error of OpenSSL in words"),
	ROW("xor", "o", INT, INT, "bitwise exclusive or"),
	ROW("xxh3", "?u", BIN, INT, "hash XXH3"),
	ROW("xxh32", "?u", BIN, INT, "hash XXH32"),
	ROW("xxh64", "?u", BIN, INT, "hash XXH64"),
	ROW("aes_gcm_dec", "usss", BIN, BIN, "opened with AES-GCM"),
	ROW("aes_gcm_enc", "usss", BIN, BIN, NULL),

	{ NULL, NULL, LB_TYPE_ANY, LB_TYPE_ANY, LB_CLASS_F, NULL }
};

const struct lb_converter *
lb_converters_find(struct text name)
{
	for (const struct lb_converter *c = lb_converters; c->name != NULL;
	    c++)
		if (text_is(name, c->name))
			return c;
	return NULL;
}
