/* SPDX-License-Identifier: ISC */
/* staple.c - by way of OpenSSL. Any thread. */
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "balancer/staple.h"
#include "base/clock.h"

enum { MOST_LATE = 300 };	/* s that the clocks may differ */

static OCSP_CERTID *
make_id(const struct lb_pem *p)
{
	X509 *issuer = lb_pem_issuer(p);

	return issuer == NULL ? NULL : OCSP_cert_to_id(NULL, p->cert, issuer);
}

size_t
lb_staple_id(const struct lb_pem *p, unsigned char to[LB_STAPLE_ID])
{
	OCSP_CERTID *id = make_id(p);
	int len = id == NULL ? 0 : i2d_OCSP_CERTID(id, NULL);

	if (len < 0 || len > LB_STAPLE_ID)
		len = 0;
	if (len > 0)
		i2d_OCSP_CERTID(id, &to);
	OCSP_CERTID_free(id);
	return (size_t)len;
}

static void
put_hash(struct sheet *to, const char *name, const ASN1_OCTET_STRING *s)
{
	sheet_print(to, "   %s: ", name);
	for (int i = 0; i < ASN1_STRING_length(s); i++)
		sheet_print(to, "%02X", ASN1_STRING_get0_data(s)[i]);
	sheet_text(to, "\n");
}

void
lb_staple_show_id(const struct lb_pem *p, struct sheet *to)
{
	OCSP_CERTID *id = make_id(p);
	ASN1_OCTET_STRING *name, *key;
	ASN1_INTEGER *serial;
	BIO *bio = BIO_new(BIO_s_mem());
	char *at;
	long len;

	if (id != NULL && bio != NULL &&
	    OCSP_id_get0_info(&name, NULL, &key, &serial, id) == 1) {
		sheet_text(to, " Certificate ID:\n");
		put_hash(to, "Issuer Name Hash", name);
		put_hash(to, "Issuer Key Hash", key);
		i2a_ASN1_INTEGER(bio, serial);
		len = BIO_get_mem_data(bio, &at);
		sheet_print(to, "   Serial Number: %.*s\n", (int)len, at);
	}
	BIO_free(bio);
	OCSP_CERTID_free(id);
}

static OCSP_RESPONSE *
read_answer(struct text answer)
{
	const unsigned char *at = (const unsigned char *)answer.at;

	return d2i_OCSP_RESPONSE(NULL, &at, (long)answer.len);
}

static int
check_times(ASN1_GENERALIZEDTIME *from, ASN1_GENERALIZEDTIME *to,
    int64_t *until, struct why *why)
{
	int days, seconds;

	if (to == NULL)
		return why_set(why, "OCSP single response: missing "
		    "nextupdate.");
	if (OCSP_check_validity(from, to, MOST_LATE, -1) != 1 ||
	    ASN1_TIME_diff(&days, &seconds, NULL, to) != 1 || days < 0 ||
	    seconds < 0)
		return why_set(why, "OCSP single response: no longer "
		    "valid.");
	*until = clock_wall() / CLOCK_SECOND + (int64_t)days * 86400 +
	    seconds;
	return 0;
}

static int
check_basic(OCSP_BASICRESP *basic, const struct lb_pem *p, int64_t *until,
    struct why *why)
{
	OCSP_CERTID *id = make_id(p);
	ASN1_GENERALIZEDTIME *revoked, *from, *to;
	int reason, status = -1, found;

	found = id == NULL ? 0 : OCSP_resp_find_status(basic, id, &status,
	    &reason, &revoked, &from, &to);
	OCSP_CERTID_free(id);
	if (found != 1)
		return why_set(why, "OCSP single response: Certificate ID "
		    "does not match any certificate or issuer.");
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return why_set(why, "OCSP single response: certificate "
		    "status not good.");
	return check_times(from, to, until, why);
}

int
lb_staple_check(const struct lb_pem *p, struct text answer, int64_t *until,
    struct why *why)
{
	OCSP_RESPONSE *r = read_answer(answer);
	OCSP_BASICRESP *basic = r == NULL ? NULL :
	    OCSP_response_get1_basic(r);
	int code;

	if (r == NULL)
		code = why_set(why, "Unable to parse OCSP response.");
	else if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		code = why_set(why, "OCSP response status not successful.");
	else if (basic == NULL)
		code = why_set(why, "Failed to get basic response from OCSP "
		    "Response.");
	else
		code = check_basic(basic, p, until, why);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return code;
}

void
lb_staple_show(struct text answer, struct sheet *to)
{
	OCSP_RESPONSE *r = read_answer(answer);
	BIO *bio = BIO_new(BIO_s_mem());
	struct text rest, line;
	char *at;

	if (r != NULL && bio != NULL && OCSP_RESPONSE_print(bio, r, 0) == 1) {
		rest.len = (size_t)BIO_get_mem_data(bio, &at);
		rest.at = at;
		while (rest.len > 0 && text_split(&rest, '\n', &line)) {
			if (line.len > 0)
				sheet_slice(to, line);
			else if (rest.len > 0)
				sheet_char(to, ' ');
			sheet_char(to, '\n');
		}
	}
	BIO_free(bio);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
}
