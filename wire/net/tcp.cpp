#include "wire/net/tcp.hpp"

#include <algorithm>

namespace spore::wire::tcp {
namespace {

/// Option kinds [IANA].
enum Kind : u8 { end_of_list = 0, no_operation = 1, maximum_segment_size = 2, window_scale = 3, sack_permitted = 4, sack = 5, timestamps = 8, fast_open = 34 };

void parse_option(u8 kind, ByteSpan body, Options& into) {
    auto* bytes = body.data();
    switch (kind) {
        case maximum_segment_size:
            if (body.size() == 2) into.mss = *reinterpret_cast<const be16*>(bytes);
            break;
        case window_scale:
            if (body.size() == 1) into.scale = static_cast<u8>(bytes[0]);
            break;
        case sack_permitted:
            if (body.empty()) into.sack_permitted = true;
            break;
        case timestamps:
            if (body.size() != 8) break;
            into.timestamps = true;
            into.timestamp = reinterpret_cast<const be32*>(bytes)[0];
            into.echo = reinterpret_cast<const be32*>(bytes)[1];
            break;
        case sack: {
            if (body.size() % 8 || body.size() / 8 > Options::max_sack_blocks) break;
            auto* words = reinterpret_cast<const be32*>(bytes);
            into.sack_count = static_cast<u8>(body.size() / 8);
            for (u32 i = 0; i < into.sack_count; ++i) into.sack[i] = {words[2 * i], words[2 * i + 1]};
            break;
        }
        case fast_open:  // a cookie has an even size of 4 to 16 bytes [RFC 7413 4.1.1]
            if (!body.empty() && (body.size() < 4 || body.size() > Options::max_cookie || body.size() % 2)) break;
            into.fast_open = true;
            into.cookie_size = static_cast<u8>(body.size());
            std::copy(body.begin(), body.end(), into.cookie);
            break;
        default: break;
    }
}

/// Puts options one after another as long as there is room.
class Writer {
public:
    explicit Writer(MutableByteSpan into) : into_(into) {}
    /// Room for an option of `body` bytes behind kind and length, after `padding` no-operations; null when there is none.
    std::byte* add(u8 kind, u32 body, u32 padding) {
        if (size_ + padding + 2 + body > into_.size()) return nullptr;
        for (u32 i = 0; i < padding; ++i) into_[size_++] = std::byte{no_operation};
        into_[size_++] = std::byte{kind};
        into_[size_++] = static_cast<std::byte>(2 + body);
        auto* at = into_.data() + size_;
        size_ += body;
        return at;
    }
    u32 room() const { return static_cast<u32>(into_.size()) - size_; }
    u32 finish() {
        while (size_ % 4) into_[size_++] = std::byte{end_of_list};
        return size_;
    }

private:
    MutableByteSpan into_;
    u32 size_ = 0;
};

}  // namespace

void parse_options(ByteSpan bytes, Options& into) {
    if (bytes.size() == timestamps_size && is_aligned_timestamps(bytes.data())) {
        into.timestamps = true;
        into.timestamp = reinterpret_cast<const be32*>(bytes.data())[1];
        into.echo = reinterpret_cast<const be32*>(bytes.data())[2];
        return;
    }
    while (!bytes.empty()) {
        auto kind = static_cast<u8>(bytes[0]);
        if (kind == end_of_list) return;
        if (kind == no_operation) {
            bytes = bytes.subspan(1);
            continue;
        }
        if (bytes.size() < 2) return;
        auto size = static_cast<u32>(bytes[1]);
        if (size < 2 || size > bytes.size()) return;
        parse_option(kind, bytes.subspan(2, size - 2), into);
        bytes = bytes.subspan(size);
    }
}

u32 write_options(MutableByteSpan into, const Options& options) {
    Writer writer(into.first(std::min<std::size_t>(into.size(), max_options_size)));
    if (options.mss)
        if (auto* at = writer.add(maximum_segment_size, 2, 0)) *reinterpret_cast<be16*>(at) = options.mss;
    if (options.timestamps) {
        // SACK permitted takes the place of the padding.
        if (options.sack_permitted) writer.add(sack_permitted, 0, 0);
        if (auto* at = writer.add(timestamps, 8, options.sack_permitted ? 0 : 2)) {
            reinterpret_cast<be32*>(at)[0] = options.timestamp;
            reinterpret_cast<be32*>(at)[1] = options.echo;
        }
    } else if (options.sack_permitted) {
        writer.add(sack_permitted, 0, 2);
    }
    if (options.scale != Options::no_scale)
        if (auto* at = writer.add(window_scale, 1, 1)) *at = std::byte{options.scale};
    if (options.fast_open)
        if (auto* at = writer.add(fast_open, options.cookie_size, options.cookie_size % 4 ? 0 : 2)) std::copy_n(options.cookie, options.cookie_size, at);
    u32 blocks = std::min<u32>(options.sack_count, writer.room() < 4 ? 0 : (writer.room() - 4) / 8);
    if (blocks) {
        auto* words = reinterpret_cast<be32*>(writer.add(sack, blocks * 8, 2));
        for (u32 i = 0; i < blocks; ++i) words[2 * i] = options.sack[i].begin, words[2 * i + 1] = options.sack[i].end;
    }
    return writer.finish();
}

}  // namespace spore::wire::tcp
