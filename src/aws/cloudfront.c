// SPDX-License-Identifier: Apache-2.0
// The descriptors of the CloudFront shapes, from the same rows as their structs. Constant data.
#include "aws/cloudfront.h"

// clang-format off
#include "aws/shape_tables.h"
#include "aws/cloudfront_enums.def"
#include "aws/cloudfront_config_shapes.def"
#include "aws/cloudfront_shapes.def"
// clang-format on
