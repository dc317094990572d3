/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table projection: number u32 -> text of model/field.h. There are a handful; numbers start at 1.
 */
#ifndef STORAGE_PROJECTION_TABLE_H
#define STORAGE_PROJECTION_TABLE_H

#include "storage/txn.h"

uint16_t projection_intern(struct txn *txn, const struct projection *projection);
bool projection_get(struct txn *txn, uint16_t number, struct projection *projection);
/* The stable fields that a projection asks for; of 0, which none has, all. */
uint32_t projection_stable(struct txn *txn, uint16_t number);

#endif
