/* The plural forms of CLDR: "1 star, 2 stars; 1 звезда, 2 звезды, 5 звёзд". */
#ifndef LOYALTY_MODEL_PLURAL_H
#define LOYALTY_MODEL_PLURAL_H

/* X(NAME, key in programmes) */
#define PLURAL_TABLE(X)                                                                                      \
    X(ZERO, "zero")                                                                                          \
    X(ONE, "one")                                                                                            \
    X(TWO, "two")                                                                                            \
    X(FEW, "few")                                                                                            \
    X(MANY, "many")                                                                                          \
    X(OTHER, "other")

enum plural {
#define X(name, key) PLURAL_##name,
    PLURAL_TABLE(X)
#undef X
};

enum { PLURAL_COUNT = PLURAL_OTHER + 1 };

#endif
