// SPDX-License-Identifier: Apache-2.0
// The CloudFront shapes as C structs, made from cloudfront_config_shapes.def and
// cloudfront_shapes.def, which document their fields. A field named x has has_x where C has no
// value for "absent"; lists have x_count. The structures that CloudFront makes of a list hold it as
// `items`; what they hold beside has names of its own. Owner: everything points into one arena.
#ifndef AWS_CLOUDFRONT_H
#define AWS_CLOUDFRONT_H

#include "aws/shape.h"

// clang-format off
#include "aws/shape_clear.h"
#include "aws/shape_structs.h"
#include "aws/cloudfront_enums.def"
#include "aws/cloudfront_config_shapes.def"
#include "aws/cloudfront_shapes.def"
#include "aws/shape_clear.h"
// clang-format on

#endif
