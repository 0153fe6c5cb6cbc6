/* SPDX-License-Identifier: ISC */
/* md5.c - md5 passwords. Digests by OpenSSL. Pure; any thread. */
#include <openssl/evp.h>

#include "base/secret.h"
#include "pg/md5.h"

bool
md5_is_secret(struct text t)
{
	if (t.len != MD5_TEXT || !text_begins(t, "md5"))
		return false;
	for (size_t i = 3; i < t.len; i++)
		if (!((t.at[i] >= '0' && t.at[i] <= '9') ||
		    (t.at[i] >= 'a' && t.at[i] <= 'f')))
			return false;
	return true;
}

/* "md5" + hex(md5(a b)), NUL behind. */
static int
digest(struct text a, struct text b, char to[MD5_TEXT + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, a.at, a.len) == 1 &&
	    EVP_DigestUpdate(ctx, b.at, b.len) == 1 &&
	    EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -1;
	memcpy(to, "md5", 3);
	for (int i = 0; i < 16; i++) {
		to[3 + 2 * i] = hex[sum[i] >> 4];
		to[4 + 2 * i] = hex[sum[i] & 15];
	}
	to[MD5_TEXT] = '\0';
	secret_wipe(sum, sizeof sum);
	return 0;
}

int
md5_secret(struct text password, struct text user, char to[MD5_TEXT + 1])
{
	return digest(password, user, to);
}

int
md5_answer(struct text stored, struct text user, const char salt[4],
    char to[MD5_TEXT + 1])
{
	char secret[MD5_TEXT + 1];
	int outcome = -1;

	if (md5_is_secret(stored))
		memcpy(secret, stored.at, MD5_TEXT);
	else if (digest(stored, user, secret) < 0)
		return -1;
	outcome = digest((struct text){ secret + 3, MD5_TEXT - 3 },
	    (struct text){ salt, 4 }, to);
	secret_wipe(secret, sizeof secret);
	return outcome;
}

bool
md5_check(struct text stored, struct text user, const char salt[4],
    struct text answer)
{
	char expected[MD5_TEXT + 1];
	bool same;

	if (stored.len == 0 || answer.len != MD5_TEXT ||
	    md5_answer(stored, user, salt, expected) < 0)
		return false;
	same = secret_same(expected, answer.at, MD5_TEXT);
	secret_wipe(expected, sizeof expected);
	return same;
}

bool
md5_check_password(struct text stored, struct text user, struct text password)
{
	char secret[MD5_TEXT + 1];
	bool same;

	if (password.len == 0 || !md5_is_secret(stored) ||
	    digest(password, user, secret) < 0)
		return false;
	same = secret_same(secret, stored.at, MD5_TEXT);
	secret_wipe(secret, sizeof secret);
	return same;
}

bool
md5_check_plain(struct text stored, struct text password)
{
	unsigned char a[EVP_MAX_MD_SIZE], b[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool same;

	if (stored.len == 0 || password.len == 0)
		return false;
	same = EVP_Digest(stored.at, stored.len, a, &n, EVP_sha256(),
	    NULL) == 1 && EVP_Digest(password.at, password.len, b, &n,
	    EVP_sha256(), NULL) == 1 && secret_same(a, b, n);
	secret_wipe(a, sizeof a);
	secret_wipe(b, sizeof b);
	return same;
}
