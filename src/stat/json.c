/* SPDX-License-Identifier: ISC */
/* json.c - the writer of one object a value. */
#include "stat/json.h"

/* ---- texts ------------------------------------------------------------- */

/* Length of the UTF-8 sequence that t begins with; 0: it is none. */
static size_t
sequence_of(struct text t)
{
	unsigned char first = (unsigned char)t.at[0];
	size_t len = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 :
	    first >= 0xe0 && first < 0xf0 ? 3 :
	    first >= 0xf0 && first < 0xf5 ? 4 : 0;
	unsigned char second;

	if (len == 0 || len > t.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)t.at[i] & 0xc0) != 0x80)
			return 0;
	second = len > 1 ? (unsigned char)t.at[1] : 0;
	/* Too long for what they say, surrogates, beyond the last. */
	if ((first == 0xe0 && second < 0xa0) ||
	    (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) ||
	    (first == 0xf4 && second > 0x8f))
		return 0;
	return len;
}

void
json_text(struct sheet *s, struct text t)
{
	size_t n;

	sheet_char(s, '"');
	for (; t.len > 0; t = text_from(t, n)) {
		n = sequence_of(t);
		if (n == 0) {
			sheet_text(s, "\\ufffd");
			n = 1;
		} else if (*t.at == '"' || *t.at == '\\') {
			sheet_char(s, '\\');
			sheet_char(s, *t.at);
		} else if (*t.at >= 0 && *t.at < ' ')
			sheet_print(s, "\\u%04x", (unsigned)*t.at);
		else
			sheet_slice(s, (struct text){ t.at, n });
	}
	sheet_char(s, '"');
}

/* ---- values ------------------------------------------------------------ */

struct word { char letter; const char *word; };

static const struct word origins[] = {
	{ 'M', "Metric" }, { 'S', "Status" }, { 'K', "Key" },
	{ 'C', "Config" }, { 'P', "Product" }, { 0, NULL },
};

static const struct word natures[] = {
	{ 'A', "Age" }, { 'a', "Avg" }, { 'C', "Counter" },
	{ 'D', "Duration" }, { 'G', "Gauge" }, { 'L', "Limit" },
	{ 'M', "Max" }, { 'm', "Min" }, { 'N', "Name" }, { 'O', "Output" },
	{ 'R', "Rate" }, { 'T', "Time" }, { 0, NULL },
};

static const struct word scopes[] = {
	{ 'P', "Process" }, { 'S', "Service" }, { 's', "System" },
	{ 'C', "Cluster" }, { 0, NULL },
};

static const char *
word_of(const struct word *words, char letter)
{
	for (; words->word != NULL; words++)
		if (words->letter == letter)
			return words->word;
	return "Unknown";
}

void
json_tags(struct sheet *s, const char *tags)
{
	sheet_print(s, "{\"origin\":\"%s\",\"nature\":\"%s\","
	    "\"scope\":\"%s\"}", word_of(origins, tags[0]),
	    word_of(natures, tags[1]), word_of(scopes, tags[2]));
}

void
json_value(struct sheet *s, const struct field *f, struct text value)
{
	bool quoted = f->column.kind == COLUMN_TEXT ||
	    f->column.kind == COLUMN_BYTES;

	sheet_print(s, "{\"type\":\"%s\",\"value\":", field_type(f));
	if (quoted)
		json_text(s, value);
	else
		sheet_slice(s, value);
	sheet_char(s, '}');
}

void
json_row(struct sheet *s, const struct field *fields, unsigned count,
    const struct record *r)
{
	unsigned at = 0;
	bool first = true;
	struct cell c;

	sheet_char(s, '[');
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		if (f->tags == NULL)
			continue;
		if (!field_get(f, r->where, r->row, &c)) {
			at++;
			continue;
		}
		sheet_print(s, "%s{\"objType\":\"%s\",\"proxyId\":%u,"
		    "\"id\":%u,\"field\":{\"pos\":%u,\"name\":\"%s\"},"
		    "\"processNum\":1,\"tags\":", first ? "" : ",", r->word,
		    r->group, r->object, at++, f->column.name);
		json_tags(s, f->tags);
		sheet_text(s, ",\"value\":");
		json_value(s, f, c.value);
		sheet_char(s, '}');
		first = false;
	}
	sheet_char(s, ']');
}

/* ---- the form ---------------------------------------------------------- */

#define TEXTS(name)	"\"" name "\":{\"type\":\"string\"}"
#define NATURAL(name)	"\"" name "\":{\"type\":\"integer\",\"minimum\":0}"
#define SHARED(name)	"\"" name "\":{\"$ref\":\"#/definitions/" name "\"}"
#define NUMBER_TYPE(type, bounds)					\
	"{\"properties\":{\"type\":{\"enum\":[\"" type "\"]},"		\
	"\"value\":{\"type\":\"integer\"," bounds "}},"			\
	"\"required\":[\"type\",\"value\"]}"

const char *const json_schema =
    "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"oneOf\":["
    "{\"title\":\"Info\",\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"properties\":{" SHARED("field") ","
    SHARED("processNum") "," SHARED("tags") "," SHARED("value") "},"
    "\"required\":[\"field\",\"processNum\",\"tags\",\"value\"]}},"
    "{\"title\":\"Stat\",\"type\":\"array\",\"items\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\",\"properties\":{\"objType\":{\"enum\":"
    "[\"Frontend\",\"Backend\",\"Listener\",\"Server\"]},"
    NATURAL("proxyId") "," NATURAL("id") "," SHARED("field") ","
    SHARED("processNum") "," SHARED("tags") "," SHARED("value") "},"
    "\"required\":[\"objType\",\"proxyId\",\"id\",\"field\",\"processNum\","
    "\"tags\",\"value\"]}}},"
    "{\"title\":\"Error\",\"type\":\"object\",\"properties\":{"
    TEXTS("errorStr") "},\"required\":[\"errorStr\"]}],"
    "\"definitions\":{\"field\":{\"type\":\"object\",\"properties\":{"
    NATURAL("pos") "," TEXTS("name") "},\"required\":[\"pos\",\"name\"]},"
    "\"processNum\":{\"type\":\"integer\",\"minimum\":1},"
    "\"tags\":{\"type\":\"object\",\"properties\":{\"origin\":{\"enum\":["
    "\"Metric\",\"Status\",\"Key\",\"Config\",\"Product\",\"Unknown\"]},"
    "\"nature\":{\"enum\":[\"Gauge\",\"Limit\",\"Min\",\"Max\",\"Rate\","
    "\"Counter\",\"Duration\",\"Age\",\"Time\",\"Name\",\"Output\","
    "\"Avg\",\"Unknown\"]},\"scope\":{\"enum\":[\"Cluster\",\"Process\","
    "\"Service\",\"System\",\"Unknown\"]}},"
    "\"required\":[\"origin\",\"nature\",\"scope\"]},"
    "\"value\":{\"type\":\"object\",\"oneOf\":["
    NUMBER_TYPE("s32", "\"minimum\":-2147483648,\"maximum\":2147483647") ","
    NUMBER_TYPE("u32", "\"minimum\":0,\"maximum\":4294967295") ","
    NUMBER_TYPE("u64", "\"minimum\":0") ","
    "{\"properties\":{\"type\":{\"enum\":[\"str\"]}," TEXTS("value") "},"
    "\"required\":[\"type\",\"value\"]}]}}}\n";
