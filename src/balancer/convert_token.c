/* SPDX-License-Identifier: ISC */
/* convert_token.c - JSON, JWT, AES-GCM. On the scene's loop. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "balancer/casting.h"
#include "balancer/convert_text.h"
#include "balancer/convert_token.h"
#include "balancer/expression.h"
#include "balancer/jsonpath.h"
#include "balancer/variables.h"

/* ---- JSON -------------------------------------------------------------- */

static bool
put_number(struct lb_scene *c, struct text raw, bool as_int,
    struct lb_value *v)
{
	char number[64], *to;

	snprintf(number, sizeof number, "%.*s", TEXT_ARG(raw));
	if (as_int) {
		char *end;
		long long n = strtoll(number, &end, 10);

		return lb_scene_number(v, *end == '\0' ? n :
		    (int64_t)strtod(number, NULL));
	}
	to = lb_scene_room(c, sizeof number);
	if (to == NULL)
		return false;
	v->type = LB_TYPE_STR;
	v->text = (struct text){ to, (size_t)snprintf(to, sizeof number, "%g",
	    strtod(number, NULL)) };
	return true;
}

static bool
put_string(struct lb_scene *c, struct text raw, struct lb_value *v)
{
	char *to = lb_scene_room(c, raw.len + 1);

	if (to == NULL)
		return false;
	v->type = LB_TYPE_STR;
	v->text = (struct text){ to, lb_jsonpath_unescape(raw, to) };
	return true;
}

static bool
query(struct lb_scene *c, const char *path, bool as_int, struct lb_value *v)
{
	struct text raw;

	switch (lb_jsonpath_find(v->text, path, &raw)) {
	case LB_JSON_TRUE:
		return lb_scene_truth(v, true);
	case LB_JSON_FALSE:
		return lb_scene_truth(v, false);
	case LB_JSON_NUMBER:
		return put_number(c, raw, as_int, v);
	case LB_JSON_STRING:
		return put_string(c, raw, v);
	default:
		return false;
	}
}

static bool
wants_int(const struct lb_arg *a)
{
	return a->kind != LB_ARG_NONE && strcmp(a->text, "int") == 0;
}

static bool
do_json(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return query(c, a[0].text, wants_int(&a[1]), v);
}

/* ---- tokens ------------------------------------------------------------ */

struct token {			/* header.payload.signature, each base64 */
	struct text part[3], signed_part;
};

static bool
split(struct text t, struct token *to)
{
	struct text rest = t;

	for (unsigned i = 0; i < 3; i++)
		if (!text_split(&rest, '.', &to->part[i]))
			return false;
	to->signed_part = (struct text){ t.at,
	    to->part[0].len + 1 + to->part[1].len };
	return rest.at == NULL && to->part[0].len > 0 &&
	    to->part[1].len > 0;
}

static bool
look_into(struct lb_scene *c, const struct lb_arg *a, unsigned part,
    struct lb_value *v)
{
	struct token t;

	if (!split(v->text, &t))
		return false;
	v->text = t.part[part];
	if (!lb_convert_text_base64(c, v, true))
		return false;
	return a[0].kind == LB_ARG_NONE ||
	    query(c, a[0].text, wants_int(&a[1]), v);
}

static bool
do_header(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return look_into(c, a, 0, v);
}

static bool
do_payload(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return look_into(c, a, 1, v);
}

enum {				/* what jwt_verify tells */
	GOOD = 1, BAD = 0, UNKNOWN_WAY = -2, BROKEN = -3, NO_MEMORY = -4,
	NO_KEY = -5
};

/* A text, or the value of a variable of that name. */
static bool
text_of_arg(struct lb_scene *c, const struct lb_arg *a, struct text *to)
{
	struct lb_value v;
	struct why why;

	*to = text_of(a->text);
	if (lb_expression_variable(a->text, &why) < 0)
		return true;
	if (!lb_variables_get(c, a->text, &v) || !lb_casting_text(c, &v))
		return false;
	*to = v.text;
	return true;
}

static int
verify_secret(const EVP_MD *md, struct text key, struct text t,
    struct text signature)
{
	unsigned char own[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (HMAC(md, key.at, (int)key.len, (const unsigned char *)t.at, t.len,
	    own, &len) == NULL)
		return NO_MEMORY;
	return len == signature.len &&
	    CRYPTO_memcmp(own, signature.at, len) == 0 ? GOOD : BAD;
}

/* Two numbers side by side become what OpenSSL reads; 0: no signature. */
static size_t
wrap_ecdsa(struct text raw, unsigned char *to, size_t room)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	const unsigned char *at = (const unsigned char *)raw.at;
	int half = (int)raw.len / 2, len = 0;
	BIGNUM *r = BN_bin2bn(at, half, NULL);
	BIGNUM *s = BN_bin2bn(at + half, half, NULL);

	if (sig != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(sig, r, s) == 1) {
		if (i2d_ECDSA_SIG(sig, NULL) <= (int)room)
			len = i2d_ECDSA_SIG(sig, &to);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

static int
verify_public(const EVP_MD *md, const char *pem, bool curve, struct text t,
    struct text signature)
{
	unsigned char der[256];
	const unsigned char *sig = (const unsigned char *)signature.at;
	size_t len = signature.len;
	BIO *bio = pem == NULL ? NULL : BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio == NULL ? NULL :
	    PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	EVP_MD_CTX *x = key == NULL ? NULL : EVP_MD_CTX_new();
	int outcome = key == NULL ? NO_KEY : BAD;

	if (curve) {
		len = wrap_ecdsa(signature, der, sizeof der);
		sig = der;
	}
	if (x != NULL && len > 0 &&
	    EVP_PKEY_get_base_id(key) == (curve ? EVP_PKEY_EC :
	    EVP_PKEY_RSA) &&
	    EVP_DigestVerifyInit(x, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(x, sig, len, (const unsigned char *)t.at,
	    t.len) == 1)
		outcome = GOOD;
	EVP_MD_CTX_free(x);
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return outcome;
}

static const EVP_MD *
find_digest(struct text way)
{
	return text_ends(way, "256") ? EVP_sha256() :
	    text_ends(way, "384") ? EVP_sha384() :
	    text_ends(way, "512") ? EVP_sha512() : NULL;
}

/* HS256 with a secret; RS256, ES256 with the PEM that was read as args[2]. */
static int
verify(struct lb_scene *c, const struct lb_arg *a, struct text token)
{
	struct text way, key;
	struct lb_value signature = { .type = LB_TYPE_STR };
	struct token t;
	const EVP_MD *md;

	if (!text_of_arg(c, &a[0], &way) || !text_of_arg(c, &a[1], &key))
		return UNKNOWN_WAY;
	if (!split(token, &t))
		return BROKEN;
	if (text_is(way, "none"))
		return t.part[2].len == 0 ? GOOD : BAD;
	md = find_digest(way);
	if (way.len != 5 || md == NULL || strchr("HRE", way.at[0]) == NULL ||
	    way.at[1] != 'S')
		return UNKNOWN_WAY;
	signature.text = t.part[2];
	if (t.part[2].len == 0 || !lb_convert_text_base64(c, &signature, true) ||
	    signature.text.len == 0)
		return BROKEN;
	if (way.at[0] == 'H')
		return verify_secret(md, key, t.signed_part, signature.text);
	return verify_public(md, a[2].text, way.at[0] == 'E', t.signed_part,
	    signature.text);
}

static bool
do_verify(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return lb_scene_number(v, verify(c, a, v->text));
}

/* ---- AES-GCM ----------------------------------------------------------- */

static const EVP_CIPHER *
find_cipher(int64_t bits)
{
	return bits == 128 ? EVP_aes_128_gcm() : bits == 192 ?
	    EVP_aes_192_gcm() : bits == 256 ? EVP_aes_256_gcm() : NULL;
}

static bool
decoded_arg(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->type = LB_TYPE_STR;
	return text_of_arg(c, a, &v->text) && lb_convert_text_base64(c, v, false);
}

/* (bits, nonce, key, tag), the last three in base64. */
static bool
do_decrypt(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	const EVP_CIPHER *cipher = find_cipher(a[0].number);
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	unsigned char *to = (unsigned char *)lb_scene_room(c, v->text.len + 1);
	struct lb_value nonce, key, tag;
	int len = 0, rest = 0;
	bool good;

	good = x != NULL && to != NULL && cipher != NULL &&
	    decoded_arg(c, &a[1], &nonce) && decoded_arg(c, &a[2], &key) &&
	    decoded_arg(c, &a[3], &tag) &&
	    (int64_t)key.text.len * 8 == a[0].number &&
	    EVP_DecryptInit_ex(x, cipher, NULL, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_IVLEN,
	    (int)nonce.text.len, NULL) == 1 &&
	    EVP_DecryptInit_ex(x, NULL, NULL,
	    (const unsigned char *)key.text.at,
	    (const unsigned char *)nonce.text.at) == 1 &&
	    EVP_DecryptUpdate(x, to, &len, (const unsigned char *)v->text.at,
	    (int)v->text.len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_TAG, (int)tag.text.len,
	    (void *)(uintptr_t)tag.text.at) == 1 &&
	    EVP_DecryptFinal_ex(x, to + len, &rest) == 1;
	EVP_CIPHER_CTX_free(x);
	ERR_clear_error();
	v->type = LB_TYPE_BIN;
	v->text = (struct text){ (char *)to, (size_t)(len + rest) };
	return good;
}

const struct lb_scene_row lb_convert_token_rows[] = {
	{ "json_query", do_json }, { "jwt_header_query", do_header },
	{ "jwt_payload_query", do_payload }, { "jwt_verify", do_verify },
	{ "aes_gcm_dec", do_decrypt },
	{ NULL, NULL }
};
