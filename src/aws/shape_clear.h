// SPDX-License-Identifier: Apache-2.0
// Takes back the row macros of the shape tables. Included by the headers of shapes between
// two readings of a .def file; has no include guard on purpose.
#undef ENUM_BEGIN
#undef VALUE
#undef NUMBERED
#undef ENUM_END
#undef SHAPE_BEGIN
#undef TEXT
#undef ID
#undef STRIPPED_ID
#undef BOOL
#undef NUMBER
#undef TIME
#undef ENUM
#undef STRUCTURE
#undef TEXTS
#undef LIST
#undef FLAT_LIST
#undef COUNTED_TEXTS
#undef COUNTED_LIST
#undef KEEP_UNKNOWN
#undef PAYLOAD
#undef SHAPE_END
