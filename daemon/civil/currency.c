#include "civil/currency.h"

#include <stddef.h>
#include <string.h>

/* ISO 4217's own list, as of 2026. ICU is not asked: its digits are those of price tags (0 for the Serbian
 * dinar and a dozen others), and they change with its version, while amounts in the log must mean the same
 * for ever.
 */
struct unit {
    int digits; /* -1: not one we can count in */
    const char *codes;
};
static const struct unit units[] = {
    {2, "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
        "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
        "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
        "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
        "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
        "ZWG "},
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {-1, /* finer than CURRENCY_DIGITS_MAX, or without a minor unit */
     "CLF UYW XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX "},
};

int currency_digits(const char *code, int *ret_digits)
{
    if (strlen(code) != CURRENCY_CODE_BYTES ||
        strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != CURRENCY_CODE_BYTES) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strstr(units[i].codes, code) == NULL) {
            continue;
        }
        if (units[i].digits < 0) {
            return ERR_UNSUPPORTED;
        }
        *ret_digits = units[i].digits;
        return 0;
    }
    return ERR_NOT_FOUND;
}
