#include "crypto/voucher.h"

#include "base/bytes.h"
#include "base/check.h"

#include <sodium.h>
#include <string.h>

enum { TOKEN_VERSION = 1, FIXED_BYTES = 1 + VOUCHER_CODE_BYTES + 4 + 4 + 1 };

int voucher_token_make(const struct key_pair *daemon_key, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       const struct voucher_token *token, char ret_text[VOUCHER_TOKEN_TEXT_BYTES])
{
    uint8_t bytes[VOUCHER_TOKEN_BYTES_MAX];
    const size_t size = strlen(token->reward);
    CHECK(size <= ID_BYTES_MAX);
    bytes[0] = TOKEN_VERSION;
    memcpy(bytes + 1, token->code, VOUCHER_CODE_BYTES);
    put_u32_be(bytes + 1 + VOUCHER_CODE_BYTES, (uint32_t)token->since);
    put_u32_be(bytes + 5 + VOUCHER_CODE_BYTES, (uint32_t)token->until);
    bytes[FIXED_BYTES - 1] = (uint8_t)size;
    memcpy(bytes + FIXED_BYTES, token->reward, size);
    const struct bytes said = {bytes, FIXED_BYTES + size};
    const int error = sign_voucher(daemon_key, programme_id, said, bytes + said.size);
    if (error == 0) {
        sodium_bin2base64(ret_text, VOUCHER_TOKEN_TEXT_BYTES, bytes, said.size + SIGNATURE_BYTES,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    }
    return error;
}

int voucher_token_read(const uint8_t daemon_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       const char *text, struct voucher_token *ret_token)
{
    uint8_t bytes[VOUCHER_TOKEN_BYTES_MAX];
    size_t size = 0;
    const char *end = NULL;
    if (sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &size, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        *end != '\0' || size < FIXED_BYTES + SIGNATURE_BYTES || bytes[0] != TOKEN_VERSION ||
        bytes[FIXED_BYTES - 1] != size - FIXED_BYTES - SIGNATURE_BYTES) {
        return ERR_FORMAT;
    }
    const struct bytes said = {bytes, size - SIGNATURE_BYTES};
    const int error = sign_voucher_check(daemon_key, programme_id, said, bytes + said.size);
    if (error != 0) {
        return error;
    }
    memcpy(ret_token->code, bytes + 1, VOUCHER_CODE_BYTES);
    ret_token->since = (int32_t)get_u32_be(bytes + 1 + VOUCHER_CODE_BYTES);
    ret_token->until = (int32_t)get_u32_be(bytes + 5 + VOUCHER_CODE_BYTES);
    memcpy(ret_token->reward, bytes + FIXED_BYTES, said.size - FIXED_BYTES);
    ret_token->reward[said.size - FIXED_BYTES] = '\0';
    return 0;
}
