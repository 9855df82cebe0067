// The page of a domain's console [xen/include/public/io/console.h]. Each side counts what it has produced and what it has consumed.
#pragma once

#include "base/types.hpp"

namespace spore::wire::xen {

struct ConsolePage {
    char in[1024];
    char out[2048];
    u32 in_consumer, in_producer, out_consumer, out_producer;
};

}  // namespace spore::wire::xen
