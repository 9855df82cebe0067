// Reading files through their page cache.
#pragma once

#include "kernel/fs/io_buffer.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore::fs {

/// Copies from the pages of a file of `size` bytes, from `offset` on. Bytes that were copied before an error count as success.
Result<u64> read_pages(memory::PageCache& pages, u64 size, IoBuffer& into, u64 offset);

}  // namespace spore::fs
