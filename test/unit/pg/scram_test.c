/* SPDX-License-Identifier: ISC */
/*
 * scram_test.c - RFC 7677's exchange, every malformed message we thought of,
 * every truncation of the good ones, and both sides against each other.
 */
#include <stdio.h>

#include "unit.h"

#include "base/secret.h"
#include "exact.h"
#include "pg/message.h"
#include "pg/scram.h"

#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define SECRET "SCRAM-SHA-256$4096:" SALT "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcX" \
	"kuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define OURS "rOprNGfwEbeRWgbNEkqO"
#define THEIRS "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define FIRST "n,,n=user,r=" OURS
#define SERVER_FIRST "r=" OURS THEIRS ",s=" SALT ",i=4096"
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define FINAL "c=biws,r=" OURS THEIRS ",p=" PROOF
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
/* The same with an empty name, as our client sends it. */
#define EMPTY_PROOF "qvT2SWdEH5Q06albL+hjSYuUhCG7VndFyzIb7CK4n9k="
#define EMPTY_FINAL "v=3HO6Qt1M4MKJrmlKaoOqLAI0/0TV0HZe7J9H3MBtSOg="

static struct scram_keys
pencil_keys(void)
{
	struct scram_keys keys;

	ck_assert_int_eq(scram_derive(TEXT("pencil"), TEXT(SALT), 4096,
	    &keys), 0);
	return keys;
}

static struct scram_server *
new_server(void)
{
	struct scram_secret secret;
	struct scram_server *s;

	ck_assert_int_eq(scram_secret_parse(TEXT(SECRET), &secret), 0);
	s = scram_server_new(&secret, TEXT(THEIRS));
	ck_assert_ptr_nonnull(s);
	return s;
}

static bool
server_takes(struct scram_server *s, int (*step)(struct scram_server *,
    struct text, struct text *, struct why *), struct text message)
{
	struct text copy = exact(message), answer = TEXT_NONE;
	struct why why = { .line = "" };
	bool took = step(s, copy, &answer, &why) == 0;

	exact_drop(&copy);
	ck_assert(took == (answer.at != NULL));
	ck_assert(took == (why.line[0] == '\0'));
	return took;
}

/* ---- secrets and keys */

START_TEST(derives_the_rfc_secret)
{
	struct scram_keys keys = pencil_keys();
	struct scram_secret s = scram_secret_of(&keys, TEXT(SALT), 4096);
	char to[256];

	ck_assert_int_eq(scram_secret_print(&s, to, sizeof to), 0);
	ck_assert_str_eq(to, SECRET);
	ck_assert_int_eq(scram_secret_print(&s, to, strlen(SECRET)), -1);
}
END_TEST

START_TEST(derives_in_steps)
{
	static const uint32_t steps[] = { 1, 7, 1000, 4095, 4096, 100000 };
	struct scram_keys whole = pencil_keys(), keys;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct scram_derive *d = scram_derive_begin(TEXT("pencil"),
		    TEXT(SALT), 4096);
		unsigned turns = 1;

		ck_assert_ptr_nonnull(d);
		ck_assert_int_eq(scram_derive_keys(d, &keys), -1);
		while (!scram_derive_step(d, steps[i]))
			turns++;
		ck_assert_uint_eq(turns, (4095 + steps[i] - 1) / steps[i]);
		ck_assert_int_eq(scram_derive_keys(d, &keys), 0);
		ck_assert_mem_eq(&keys, &whole, sizeof keys);
		scram_derive_free(&d);
		ck_assert_ptr_null(d);
	}
}
END_TEST

START_TEST(derives_not_from_nothing)
{
	struct scram_keys keys;

	ck_assert_int_eq(scram_derive(TEXT(""), TEXT(SALT), 1, &keys), -1);
	ck_assert_int_eq(scram_derive(TEXT("x"), TEXT(SALT), 0, &keys), -1);
	ck_assert_int_eq(scram_derive(TEXT("x"), TEXT("*"), 1, &keys), -1);
	ck_assert_int_eq(scram_derive(TEXT("x"), TEXT(SALT), 1, &keys), 0);
}
END_TEST

START_TEST(parses_secrets)
{
#define KEYS "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:" \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ SECRET, true },
		{ "SCRAM-SHA-256$1:QQ==" KEYS, true },
		{ "SCRAM-SHA-256$2147483647:QQ==" KEYS, true },
		{ "SCRAM-SHA-256$2147483648:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$0:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$-1:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$+1:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$ 1:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$1x:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$1:" KEYS, false },
		{ "SCRAM-SHA-256$1:QQ" KEYS, false },
		{ "SCRAM-SHA-256$1:Q*==" KEYS, false },
		{ "SCRAM-SHA-256$1:QQ==QQ==" KEYS, false },
		{ "SCRAM-SHA-256$1:QUI=QQ==" KEYS, false },
		{ "scram-sha-256$1:QQ==" KEYS, false },
		{ "SCRAM-SHA-1$1:QQ==" KEYS, false },
		{ "SCRAM-SHA-256$1:QQ==" KEYS "=", false },
		{ "SCRAM-SHA-256$1:QQ==" KEYS ":", false },
		{ "SCRAM-SHA-256$1:QQ==$QQ==:QQ==", false },
		{ "", false }, { "pencil", false },
		{ "md53858f62230ac3c915f300c664312c63f", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i].text));

		ck_assert_msg(scram_is_secret(t) == rows[i].is, "%s",
		    rows[i].text);
		exact_drop(&t);
	}
	for (size_t n = 0; n < strlen(SECRET); n++) {
		struct text cut = exact((struct text){ SECRET, n });

		ck_assert_msg(!scram_is_secret(cut), "%zu", n);
		exact_drop(&cut);
	}
}
END_TEST

START_TEST(checks_cleartext)
{
	ck_assert(scram_check_password(TEXT(SECRET), TEXT("pencil")));
	ck_assert(!scram_check_password(TEXT(SECRET), TEXT("pencils")));
	ck_assert(!scram_check_password(TEXT(SECRET), TEXT("")));
	ck_assert(!scram_check_password(TEXT("pencil"), TEXT("pencil")));
}
END_TEST

START_TEST(makes_fresh_nonces_and_salts)
{
	char a[SCRAM_NONCE_TEXT], b[SCRAM_NONCE_TEXT];

	ck_assert_int_eq(scram_nonce(a), 0);
	ck_assert_int_eq(scram_nonce(b), 0);
	ck_assert_mem_ne(a, b, sizeof a);
	ck_assert_int_eq(scram_salt(a), 0);
	ck_assert_int_eq(scram_salt(b), 0);
	ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* ---- the server */

START_TEST(plays_the_rfc_server)
{
	struct scram_server *s = new_server();
	struct scram_keys keys, known = pencil_keys();
	struct text answer;
	struct why why;

	ck_assert_int_eq(scram_server_keys(s, &keys), -1);
	ck_assert_int_eq(scram_server_first(s, TEXT(FIRST), &answer, &why),
	    0);
	ck_assert(text_is(answer, SERVER_FIRST));
	ck_assert_int_eq(scram_server_keys(s, &keys), -1);
	ck_assert_int_eq(scram_server_final(s, TEXT(FINAL), &answer, &why),
	    0);
	ck_assert(text_is(answer, SERVER_FINAL));
	ck_assert_int_eq(scram_server_keys(s, &keys), 0);
	ck_assert_mem_eq(&keys, &known, sizeof keys);
	scram_server_free(&s);
	ck_assert_ptr_null(s);
}
END_TEST

static const struct {
	struct text message;
	bool good;
} client_firsts[] = {
	{ TEXT(FIRST), true },
	{ TEXT("n,,n=,r=x"), true },
	{ TEXT("y,,n=,r=x"), true },
	{ TEXT("n,,n=,r=x,a=1,b=2"), true },
	{ TEXT("n,,n=,r=x=y"), true },
	{ TEXT(""), false }, { TEXT("n"), false }, { TEXT("n,"), false },
	{ TEXT("n,,"), false }, { TEXT(",,n=,r=x"), false },
	{ TEXT("n,,n="), false }, { TEXT("n,,n=,"), false },
	{ TEXT("n,,n=,r"), false }, { TEXT("n,,n=,r="), false },
	{ TEXT("n,,r=x"), false }, { TEXT("n,,r=x,n="), false },
	{ TEXT("p=tls-server-end-point,,n=,r=x"), false },
	{ TEXT("x,,n=,r=x"), false }, { TEXT("N,,n=,r=x"), false },
	{ TEXT("nn,,n=,r=x"), false },
	{ TEXT("n,a=postgres,n=,r=x"), false },
	{ TEXT("n,x,n=,r=x"), false },
	{ TEXT("n,,m=1,n=,r=x"), false },
	{ TEXT("n,,n=,r=x,m=1"), false },
	{ TEXT("n,,n=,r=x,"), false },
	{ TEXT("n,,n=,r=x,ab"), false },
	{ TEXT("n,,n=,r=a b"), false },
	{ TEXT("n,,n=,r=a\0b"), false },
	{ TEXT("n,,n=,r=a\x7f"), false },
	{ TEXT("n,,n=,r=\xc3\xa9"), false },
	{ TEXT("\0\0\0\0"), false },
};

START_TEST(judges_client_firsts)
{
	for (size_t i = 0; i < sizeof client_firsts /
	    sizeof client_firsts[0]; i++) {
		struct scram_server *s = new_server();

		ck_assert_msg(server_takes(s, scram_server_first,
		    client_firsts[i].message) == client_firsts[i].good,
		    "%.*s", TEXT_ARG(client_firsts[i].message));
		/* A second one is out of order, whatever the first was. */
		ck_assert(!server_takes(s, scram_server_first, TEXT(FIRST)));
		ck_assert(!server_takes(s, scram_server_final, TEXT(FINAL)));
		scram_server_free(&s);
	}
}
END_TEST

static const struct {
	struct text message;
	bool good;
} client_finals[] = {
	{ TEXT(FINAL), true },
	{ TEXT("c=biws,r=" OURS THEIRS), false },
	{ TEXT("c=biws,p=" PROOF), false },		/* no r= */
	{ TEXT("r=" OURS THEIRS ",p=" PROOF), false },	/* no c= */
	{ TEXT("p=" PROOF), false }, { TEXT(""), false }, { TEXT(","), false },
	{ TEXT("c=biws,r=,p=" PROOF), false },
	{ TEXT("c=,r=" OURS THEIRS ",p=" PROOF), false },
	{ TEXT("c=eSws,r=" OURS THEIRS ",p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS ",p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS THEIRS "x,p=" PROOF), false },
	{ TEXT("r=" OURS THEIRS ",c=biws,p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p="), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p=QQ=="), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p=" PROOF ","), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p=" PROOF ",x=y"), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",,p=" PROOF), false },
	/* The proof is over the message with its extensions. */
	{ TEXT("c=biws,r=" OURS THEIRS ",x=y,p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",m=y,p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p=" PROOF ",p=" PROOF), false },
	{ TEXT("c=biws,r=" OURS THEIRS ",p=" EMPTY_PROOF), false },
};

START_TEST(judges_client_finals)
{
	for (size_t i = 0; i < sizeof client_finals /
	    sizeof client_finals[0]; i++) {
		struct scram_server *s = new_server();
		struct scram_keys keys;

		ck_assert(server_takes(s, scram_server_first, TEXT(FIRST)));
		ck_assert_msg(server_takes(s, scram_server_final,
		    client_finals[i].message) == client_finals[i].good,
		    "%.*s", TEXT_ARG(client_finals[i].message));
		ck_assert_int_eq(scram_server_keys(s, &keys),
		    client_finals[i].good ? 0 : -1);
		/* No second try. */
		ck_assert(!server_takes(s, scram_server_final, TEXT(FINAL)));
		scram_server_free(&s);
	}
}
END_TEST

START_TEST(refuses_every_truncation_of_finals)
{
	for (size_t n = 0; n < strlen(FINAL); n++) {
		struct scram_server *s = new_server();

		ck_assert(server_takes(s, scram_server_first, TEXT(FIRST)));
		ck_assert_msg(!server_takes(s, scram_server_final,
		    (struct text){ FINAL, n }), "%zu", n);
		scram_server_free(&s);
	}
	/* Short of the nonce it is no client-first either. */
	for (size_t n = 0; n <= strlen("n,,n=user,r="); n++) {
		struct scram_server *s = new_server();

		ck_assert(!server_takes(s, scram_server_first,
		    (struct text){ FIRST, n }));
		scram_server_free(&s);
	}
}
END_TEST

/* What happens to the secret after the start does not matter. */
START_TEST(keeps_its_own_secret)
{
	char copy[] = SECRET;
	struct scram_secret secret;
	struct scram_server *s;

	ck_assert_int_eq(scram_secret_parse(text_of(copy), &secret), 0);
	s = scram_server_new(&secret, TEXT(THEIRS));
	memset(copy, 'x', sizeof copy - 1);
	memset(&secret, 0, sizeof secret);
	ck_assert(server_takes(s, scram_server_first, TEXT(FIRST)));
	ck_assert(server_takes(s, scram_server_final, TEXT(FINAL)));
	scram_server_free(&s);
}
END_TEST

START_TEST(parses_the_initial_response)
{
	static const struct {
		struct text body;
		const char *seen;		/* NULL: malformed */
	} rows[] = {
		{ TEXT("M\0\0\0\0\2hi"), "M|hi" },
		{ TEXT("M\0\0\0\0\0"), "M|" },
		{ TEXT("M\0\xff\xff\xff\xff"), "M|(none)" },
		{ TEXT("M\0\0\0\0\3hi"), NULL },
		{ TEXT("M\0\0\0\0\1hi"), NULL },
		{ TEXT("M\0\0\0\0"), NULL }, { TEXT("M\0"), NULL },
		{ TEXT("M"), NULL }, { TEXT(""), NULL },
		{ TEXT("M\0\xff\xff\xff\xfe"), NULL },
		{ TEXT("M\0\x80\0\0\0"), NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text body = exact(rows[i].body), mechanism, data;
		char seen[64];
		int got = scram_initial_parse(body, &mechanism, &data);

		ck_assert_msg(got == (rows[i].seen == NULL ? -1 : 0),
		    "row %zu", i);
		if (got == 0) {
			snprintf(seen, sizeof seen, "%.*s|%.*s",
			    TEXT_ARG(mechanism), data.at == NULL ? 6 :
			    (int)data.len, data.at == NULL ? "(none)" :
			    data.at);
			ck_assert_str_eq(seen, rows[i].seen);
		}
		exact_drop(&body);
	}
}
END_TEST

/* ---- users that do not exist */

START_TEST(mocks_the_unknown)
{
	static const uint8_t key[SCRAM_KEY] = { 1, 2, 3 };
	static const uint8_t other[SCRAM_KEY] = { 1, 2, 4 };
	char a[SCRAM_SALT_TEXT], b[SCRAM_SALT_TEXT];
	struct scram_secret s, t;

	ck_assert_int_eq(scram_secret_mock(TEXT("a"), key, 4096, a, &s), 0);
	ck_assert_int_eq(scram_secret_mock(TEXT("a"), key, 4096, b, &t), 0);
	ck_assert(text_same(s.salt, t.salt));
	ck_assert_uint_eq(s.salt.len, SCRAM_SALT_TEXT);
	ck_assert_int_eq(scram_secret_mock(TEXT("b"), key, 4096, b, &t), 0);
	ck_assert(!text_same(s.salt, t.salt));
	ck_assert_int_eq(scram_secret_mock(TEXT("a"), other, 4096, b, &t), 0);
	ck_assert(!text_same(s.salt, t.salt));
	ck_assert(s.never && s.iterations == 4096);
}
END_TEST

/* Even the right proof does not let an unknown user in. */
START_TEST(never_lets_the_unknown_in)
{
	struct scram_secret secret;
	struct scram_server *s;

	ck_assert_int_eq(scram_secret_parse(TEXT(SECRET), &secret), 0);
	secret.never = true;
	s = scram_server_new(&secret, TEXT(THEIRS));
	ck_assert(server_takes(s, scram_server_first, TEXT(FIRST)));
	ck_assert(!server_takes(s, scram_server_final, TEXT(FINAL)));
	scram_server_free(&s);
}
END_TEST

/* ---- the client */

START_TEST(plays_the_client)
{
	struct scram_keys keys = pencil_keys();
	struct scram_client *c = scram_client_new(TEXT(OURS));
	struct text message;
	struct why why;

	ck_assert(text_is(scram_client_first(c), "n,,n=,r=" OURS));
	ck_assert_int_eq(scram_client_challenge(c, TEXT(SERVER_FIRST), &why),
	    0);
	ck_assert_uint_eq(scram_client_iterations(c), 4096);
	ck_assert_uint_eq(scram_client_salt(c).len, 16);
	ck_assert_int_eq(scram_client_final(c, &keys, &message), 0);
	ck_assert(text_is(message, "c=biws,r=" OURS THEIRS ",p="
	    EMPTY_PROOF));
	ck_assert_int_eq(scram_client_verify(c, TEXT(EMPTY_FINAL), &why), 0);
	scram_client_free(&c);
	ck_assert_ptr_null(c);
}
END_TEST

static const struct {
	struct text message;
	bool good;
} server_firsts[] = {
	{ TEXT(SERVER_FIRST), true },
	{ TEXT("r=" OURS "x,s=QQ==,i=1"), true },
	{ TEXT("r=" OURS "x,s=QQ==,i=1000000"), true },
	{ TEXT("r=" OURS "x,s=QQ==,i=1,x=y"), true },
	{ TEXT("r=" OURS "x,s=QQ==,i=1000001"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=2000000000"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=99999999999999999999"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=0"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=-1"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i="), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=1x"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=0x10"), false },
	{ TEXT("r=" OURS "x,s=QQ=="), false },
	{ TEXT("r=" OURS "x,s=,i=1"), false },
	{ TEXT("r=" OURS "x,s=*,i=1"), false },
	{ TEXT("r=" OURS "x,i=1,s=QQ=="), false },
	{ TEXT("r=" OURS "x"), false },
	{ TEXT("r=" OURS ",s=QQ==,i=1"), false },	/* nothing of theirs */
	{ TEXT("r=x" OURS ",s=QQ==,i=1"), false },
	{ TEXT("r=rOpr,s=QQ==,i=1"), false },
	{ TEXT("r=,s=QQ==,i=1"), false },
	{ TEXT("r=" OURS " x,s=QQ==,i=1"), false },
	{ TEXT("s=QQ==,i=1"), false }, { TEXT(""), false },
	{ TEXT("m=1,r=" OURS "x,s=QQ==,i=1"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=1,m=1"), false },
	{ TEXT("r=" OURS "x,s=QQ==,i=1,"), false },
};

static bool
client_takes(struct scram_client *c, int (*step)(struct scram_client *,
    struct text, struct why *), struct text message)
{
	struct text copy = exact(message);
	struct why why = { .line = "" };
	bool took = step(c, copy, &why) == 0;

	exact_drop(&copy);
	ck_assert(took == (why.line[0] == '\0'));
	return took;
}

START_TEST(judges_server_firsts)
{
	struct scram_keys keys = pencil_keys();
	struct text message;

	for (size_t i = 0; i < sizeof server_firsts /
	    sizeof server_firsts[0]; i++) {
		struct scram_client *c = scram_client_new(TEXT(OURS));
		bool good = server_firsts[i].good;

		ck_assert_msg(client_takes(c, scram_client_challenge,
		    server_firsts[i].message) == good, "%.*s",
		    TEXT_ARG(server_firsts[i].message));
		ck_assert(!client_takes(c, scram_client_verify,
		    TEXT(EMPTY_FINAL)));
		/* Out of order by now, so broken for good. */
		ck_assert_int_eq(scram_client_final(c, &keys, &message), -1);
		scram_client_free(&c);
	}
	for (size_t n = 0; n < strlen(SERVER_FIRST) - 3; n++) {
		struct scram_client *c = scram_client_new(TEXT(OURS));

		ck_assert_msg(!client_takes(c, scram_client_challenge,
		    (struct text){ SERVER_FIRST, n }), "%zu", n);
		scram_client_free(&c);
	}
}
END_TEST

/* A nonce far beyond any fixed buffer is a nonce. */
START_TEST(takes_a_nonce_of_any_length)
{
	struct scram_keys keys = pencil_keys();
	struct scram_client *c = scram_client_new(TEXT(OURS));
	char message[20000], *end;
	struct text answer;

	memset(message, 'x', sizeof message);
	memcpy(message, "r=" OURS, strlen("r=" OURS));
	end = message + 19000;
	memcpy(end, ",s=" SALT ",i=4096", strlen(",s=" SALT ",i=4096"));
	end += strlen(",s=" SALT ",i=4096");
	ck_assert(client_takes(c, scram_client_challenge,
	    (struct text){ message, (size_t)(end - message) }));
	ck_assert_int_eq(scram_client_final(c, &keys, &answer), 0);
	ck_assert_uint_eq(answer.len, strlen("c=biws,r=,p=") + 19000 - 2 +
	    strlen(PROOF));
	scram_client_free(&c);
}
END_TEST

START_TEST(judges_server_finals)
{
	static const struct {
		struct text message;
		const char *why;
	} rows[] = {
		{ TEXT(EMPTY_FINAL), "" },
		{ TEXT(EMPTY_FINAL ",x=y"), "" },
		{ TEXT(SERVER_FINAL), "invalid server signature" },
		{ TEXT("v="), "malformed SCRAM message" },
		{ TEXT("v=QQ=="), "malformed SCRAM message" },
		{ TEXT(""), "malformed SCRAM message" },
		{ TEXT("x=" ), "malformed SCRAM message" },
		{ TEXT(EMPTY_FINAL ","), "malformed SCRAM message" },
		{ TEXT("e=other-error"), "error received from server in "
		    "SCRAM exchange: other-error" },
		{ TEXT("e=\1\2"), "error received from server in "
		    "SCRAM exchange: " },
	};
	struct scram_keys keys = pencil_keys();
	struct text message;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scram_client *c = scram_client_new(TEXT(OURS));
		struct text copy = exact(rows[i].message);
		struct why why = { .line = "" };

		ck_assert(client_takes(c, scram_client_challenge,
		    TEXT(SERVER_FIRST)));
		ck_assert_int_eq(scram_client_final(c, &keys, &message), 0);
		ck_assert_int_eq(scram_client_verify(c, copy, &why),
		    rows[i].why[0] == '\0' ? 0 : -1);
		ck_assert_str_eq(why.line, rows[i].why);
		ck_assert(!client_takes(c, scram_client_verify,
		    TEXT(EMPTY_FINAL)));
		exact_drop(&copy);
		scram_client_free(&c);
	}
	for (size_t n = 0; n < strlen(EMPTY_FINAL); n++) {
		struct scram_client *c = scram_client_new(TEXT(OURS));

		ck_assert(client_takes(c, scram_client_challenge,
		    TEXT(SERVER_FIRST)));
		ck_assert_int_eq(scram_client_final(c, &keys, &message), 0);
		ck_assert(!client_takes(c, scram_client_verify,
		    (struct text){ EMPTY_FINAL, n }));
		scram_client_free(&c);
	}
}
END_TEST

START_TEST(finds_the_mechanism)
{
	static const struct {
		struct text list;
		bool offered;
	} rows[] = {
		{ TEXT("SCRAM-SHA-256\0\0"), true },
		{ TEXT("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"), true },
		{ TEXT("SCRAM-SHA-256\0X\0\0"), true },
		{ TEXT("SCRAM-SHA-256-PLUS\0\0"), false },
		{ TEXT("SCRAM-SHA-256\0"), false },
		{ TEXT("SCRAM-SHA-256"), false },
		{ TEXT("SCRAM-SHA-256\0\0x"), false },
		{ TEXT("\0SCRAM-SHA-256\0\0"), false },
		{ TEXT("\0"), false }, { TEXT(""), false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text list = exact(rows[i].list);

		ck_assert_msg(scram_offered(list) == rows[i].offered,
		    "row %zu", i);
		exact_drop(&list);
	}
}
END_TEST

/* ---- both sides */

static bool
log_in(struct scram_server *s, struct scram_client *c,
    const struct scram_keys *keys)
{
	struct text message, answer;

	return scram_server_first(s, scram_client_first(c), &answer,
	    NULL) == 0 && scram_client_challenge(c, answer, NULL) == 0 &&
	    scram_client_final(c, keys, &message) == 0 &&
	    scram_server_final(s, message, &answer, NULL) == 0 &&
	    scram_client_verify(c, answer, NULL) == 0;
}

static bool
try_keys(const struct scram_keys *keys, struct scram_keys *passed)
{
	struct scram_server *s = new_server();
	struct scram_client *c;
	char nonce[SCRAM_NONCE_TEXT];
	bool in;

	ck_assert_int_eq(scram_nonce(nonce), 0);
	c = scram_client_new((struct text){ nonce, sizeof nonce });
	in = log_in(s, c, keys);
	ck_assert_int_eq(scram_server_keys(s, passed), in ? 0 : -1);
	scram_server_free(&s);
	scram_client_free(&c);
	return in;
}

/* The keys of one login serve for the next, to a server with that secret. */
START_TEST(passes_keys_through)
{
	struct scram_keys keys = pencil_keys(), passed, again;

	ck_assert(try_keys(&keys, &passed));
	ck_assert_mem_eq(&keys, &passed, sizeof keys);
	ck_assert(try_keys(&passed, &again));
	passed.client[0] ^= 1;
	ck_assert(!try_keys(&passed, &again));
}
END_TEST

START_TEST(refuses_other_passwords)
{
	static const struct text wrong[] = {
		TEXT("Pencil"), TEXT("pencil "), TEXT("p")
	};
	struct scram_keys keys, passed;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ck_assert_int_eq(scram_derive(wrong[i], TEXT(SALT), 4096,
		    &keys), 0);
		ck_assert(!try_keys(&keys, &passed));
	}
}
END_TEST

/* Whichever allocation fails: no login, nothing left behind. */
START_TEST(says_no_without_memory)
{
	struct scram_keys keys = pencil_keys();
	struct scram_secret secret;
	unsigned long n = 0;
	bool in = false;

	ck_assert_int_eq(scram_secret_parse(TEXT(SECRET), &secret), 0);
	while (!in) {
		struct scram_server *s;
		struct scram_client *c;

		mem_fail_at(++n);
		s = scram_server_new(&secret, TEXT(THEIRS));
		c = scram_client_new(TEXT(OURS));
		in = s != NULL && c != NULL && log_in(s, c, &keys);
		scram_server_free(&s);
		scram_client_free(&c);
		ck_assert_uint_eq(secret_lent(), 0);
	}
	ck_assert_uint_gt(n, 10);
	for (n = 1; n <= 3; n++) {
		mem_fail_at(n);
		ck_assert_int_eq(scram_derive(TEXT("x"), TEXT(SALT), 1,
		    &keys), -1);
		ck_assert_uint_eq(secret_lent(), 0);
	}
}
END_TEST

UNIT_MAIN("pg/scram", derives_the_rfc_secret, derives_in_steps,
    derives_not_from_nothing, parses_secrets, checks_cleartext,
    makes_fresh_nonces_and_salts, plays_the_rfc_server,
    judges_client_firsts, judges_client_finals,
    refuses_every_truncation_of_finals, keeps_its_own_secret,
    parses_the_initial_response, mocks_the_unknown,
    never_lets_the_unknown_in, plays_the_client, judges_server_firsts,
    takes_a_nonce_of_any_length, judges_server_finals, finds_the_mechanism,
    passes_keys_through, refuses_other_passwords, says_no_without_memory)
