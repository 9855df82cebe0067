#include "wire/net/nd.hpp"

namespace spore::wire::nd {

Result<NeighbourMessage> parse_neighbour(ByteSpan bytes) {
    const auto* message = view_at<Neighbour>(bytes, 0);
    if (!message) return fail(Error::truncated);
    if (message->code != 0 || message->target[0] == 0xff) return fail(Error::corrupt);
    NeighbourMessage parsed{message, nullptr};
    u8 wanted = message->type == neighbour_solicitation ? option_source_link : option_target_link;
    TRY(for_each_option(bytes.subspan(sizeof(Neighbour)), [&](u8 kind, ByteSpan option) {
        if (kind == wanted && option.size() == sizeof(LinkOption)) parsed.link = option_as<LinkOption>(option)->mac;
    }));
    if (parsed.link && ethernet::is_group(parsed.link)) return fail(Error::corrupt);
    return parsed;
}

Result<RouterMessage> parse_router(ByteSpan bytes) {
    const auto* message = view_at<RouterAdvertisement>(bytes, 0);
    if (!message) return fail(Error::truncated);
    if (message->code != 0) return fail(Error::corrupt);
    auto options = bytes.subspan(sizeof(RouterAdvertisement));
    TRY(for_each_option(options, [](u8, ByteSpan) {}));
    return RouterMessage{message, options};
}

}  // namespace spore::wire::nd
