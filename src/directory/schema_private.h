/* SPDX-License-Identifier: Apache-2.0 */
/* What schema.c (reading, showing) and schema_change.c share. */
#ifndef DIRECTORY_SCHEMA_PRIVATE_H
#define DIRECTORY_SCHEMA_PRIVATE_H

#include "directory/schema.h"

struct schema_document {
    struct jval *json; /* NULL: nothing was ever changed. Freed by who read it */
    int64_t created;
    int64_t last_updated;
};
int schema_read(struct tx *tx, enum schema_kind kind, struct schema_document *ret) MUSTCHECK;

int attribute_type_parse(const char *name, enum attribute_type *ret) MUSTCHECK;     /* ERR_SYNTAX; NULL too */
int attribute_format_parse(const char *name, enum attribute_format *ret) MUSTCHECK; /* likewise */
/* The published definition of a base attribute with the changes of the document; NULL when there is none of that name.
 * The caller frees it. */
struct jval *schema_base_definition(enum schema_kind kind, const char *name, const struct jval *document);

#endif
