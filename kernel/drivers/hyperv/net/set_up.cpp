#include "kernel/drivers/hyperv/net/set_up.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::hyperv::netvsc {

using namespace wire::hyperv;
namespace rndis = wire::rndis;

namespace {

constexpr Duration patience = Duration::seconds(10);
constexpr u32 link_header = 14, smallest_mtu = 68, usual_mtu = 1500;  // [RFC 791 3.1]
constexpr u32 look_budget = 64;

rndis::Request request_head(rndis::Kind kind, u32 object, ByteSpan with) {
    return {{kind, 0}, 0, object, static_cast<u32>(with.size()), sizeof(rndis::Request) - sizeof(rndis::Head), 0};
}

/// What is set for a kind of sums.
u8 sums(u32 send, u32 receive, u32 kind) {
    return static_cast<u8>(rndis::sums_off + ((send & kind) == kind ? rndis::sums_sent : 0) + ((receive & kind) == kind ? rndis::sums_received : 0));
}

}  // namespace

void SetUp::wake() {
    Guard guard(lock_);
    news_.wake_all();
}

Result<Settings> SetUp::run(Bus& bus, u32 channel) {
    TRY(agree());
    TRY(share_buffers(bus, channel));
    TRY(initialize());
    TRY(read_settings());
    auto chosen = choose_offloads();
    if (!chosen && (chosen.error() == Error::timed_out || channel_.broken())) return fail(chosen.error());
    if (!chosen) core::warn("the host of a netvsc completes no sums: error {}", chosen.error());
    return settings_;
}

/// Until what was asked is answered.
Result<void> SetUp::await() {
    auto deadline = time::now() + patience;
    while (true) {
        device::PacketList nobodys;  // before there is a filter nothing should come
        receiver_.poll(look_budget, nobodys);
        if (channel_.broken()) return fail(Error::io);
        if (control_.is_done()) return {};
        if (time::now() >= deadline) return fail(Error::timed_out);
        Guard guard(lock_);
        if (!receiver_.has_news()) (void)news_.wait(lock_, sync::Interruptible::no, deadline);
    }
}

Result<void> SetUp::tell(ByteSpan message) { return sender_.say(message, 0, 0) ? Result<void>() : fail(Error::io); }

template <typename Answer>
Result<Answer> SetUp::ask(ByteSpan message, NetKind expected) {
    if (!control_.ask(message)) return fail(Error::io);
    TRY(await());
    auto answer = control_.completion<Answer>();
    if (!answer || answer->kind != expected) return fail(Error::io);
    return *answer;
}

template <typename Answer>
Result<Answer> SetUp::request(ByteSpan head, ByteSpan rest, rndis::Kind expected) {
    if (!control_.request(head, rest)) return fail(Error::io);
    TRY(await());
    auto answer = control_.answer<Answer>();
    if (!answer || answer->head.kind != expected) return fail(Error::io);
    if (answer->status != rndis::status_success) return fail(Error::not_supported);
    return *answer;
}

template <typename T>
Result<T> SetUp::query(u32 object, ByteSpan with) {
    auto answer = TRY(request<rndis::Queried>(bytes_of(request_head(rndis::Kind::query, object, with)), with, rndis::Kind::queried));
    if (answer.bytes < sizeof(T) || answer.offset > Control::most_bytes) return fail(Error::io);
    auto value = control_.answer<T>(sizeof(rndis::Head) + answer.offset);
    if (!value) return fail(Error::io);
    return *value;
}

Result<void> SetUp::agree() {
    auto answer = TRY(ask<NetInitAnswer>(bytes_of(NetInit{NetKind::init, net_version, net_version}), NetKind::init_answer));
    if (answer.status != net_success) return fail(Error::not_supported);
    most_ranges_ = answer.most_ranges;
    // These two are taken, not answered.
    TRY(tell(bytes_of(NdisConfig{NetKind::ndis_config, usual_mtu + link_header, 0, {}})));
    return tell(bytes_of(NdisVersion{NetKind::ndis_version, ndis_major, ndis_minor}));
}

Result<void> SetUp::share_buffers(Bus& bus, u32 channel) {
    u32 memory = TRY(receiver_.open(bus, channel));
    auto receive = TRY(ask<ReceiveBufferAnswer>(bytes_of(NetBuffer{NetKind::receive_buffer, memory, receive_buffer_id, 0}), NetKind::receive_buffer_answer));
    if (receive.status != net_success) return fail(Error::no_memory);
    auto& sections = receive.sections;
    bool fits = u64{sections.size} * sections.count <= receiver_.buffer_size();
    if (receive.lists != 1 || sections.offset || !sections.count || sections.size < usual_mtu || !fits) return fail(Error::invalid);

    memory = TRY(sender_.open(bus, channel));
    auto send = TRY(ask<SendBufferAnswer>(bytes_of(NetBuffer{NetKind::send_buffer, memory, send_buffer_id, 0}), NetKind::send_buffer_answer));
    if (send.status != net_success) return fail(Error::no_memory);
    return sender_.divide(send.section_size, most_ranges_);
}

Result<void> SetUp::initialize() {
    rndis::Initialize asked{{rndis::Kind::initialize, 0}, 0, rndis::version_major, rndis::version_minor, rndis::usual_transfer};
    auto answer = TRY(request<rndis::Initialized>(bytes_of(asked), {}, rndis::Kind::initialized));
    return answer.medium == rndis::medium_ethernet ? Result<void>() : fail(Error::not_supported);
}

Result<void> SetUp::read_settings() {
    settings_.mac = TRY(query<device::MacAddress>(rndis::object_address));
    if (settings_.mac.bytes[0] & 1 || settings_.mac == device::MacAddress{}) return fail(Error::invalid);
    u32 mtu = TRY(query<u32>(rndis::object_frame_size));
    if (mtu < smallest_mtu) return fail(Error::invalid);
    settings_.mtu = static_cast<u16>(std::min(mtu, usual_mtu));
    control_.set_link(TRY(query<u32>(rndis::object_connected)) == rndis::state_connected);
    return {};
}

/// One that does nothing of this is a host all the same.
Result<void> SetUp::choose_offloads() {
    rndis::OffloadCapabilities known{};
    known.head = {rndis::type_offload, rndis::offload_revision, sizeof known};
    auto can = TRY(query<rndis::OffloadCapabilities>(rndis::object_offload_capabilities, bytes_of(known)));
    if (can.head.type != rndis::type_offload) return fail(Error::io);
    constexpr u32 both = rndis::can_tcp | rndis::can_udp;
    auto& features = settings_.features;
    bool sends = (can.send4.what & both) == both && (can.send6.what & both) == both;
    auto cuts = [&](u32 framing, u32 largest) { return sends && framing & rndis::framing_ethernet && largest > usual_mtu + link_header; };
    bool cuts4 = cuts(can.framing4, can.largest4), cuts6 = cuts(can.framing6, can.largest6);
    rndis::OffloadParameters set{};
    set.head = {rndis::type_default, rndis::offload_revision, sizeof set};
    set.ip4 = sums(can.send4.what, can.receive4.what, rndis::can_ip4);
    set.tcp4 = sums(can.send4.what, can.receive4.what, rndis::can_tcp);
    set.udp4 = sums(can.send4.what, can.receive4.what, rndis::can_udp);
    set.tcp6 = sums(can.send6.what, can.receive6.what, rndis::can_tcp);
    set.udp6 = sums(can.send6.what, can.receive6.what, rndis::can_udp);
    set.segments4 = cuts4 ? rndis::segments_on : rndis::segments_off;
    set.segments6 = cuts6 ? rndis::segments_on : rndis::segments_off;
    TRY(request<rndis::WasSet>(bytes_of(request_head(rndis::Kind::set, rndis::object_offload_parameters, bytes_of(set))), bytes_of(set), rndis::Kind::was_set));
    features = {.send_checksum = sends, .send_tcp4_segments = cuts4, .send_tcp6_segments = cuts6, .receive_checksum = true};
    u32 largest = std::min({cuts4 ? can.largest4 : ~0u, cuts6 ? can.largest6 : ~0u, sender_.largest_send()});
    if (cuts4 || cuts6) features.max_send_size = largest;
    return {};
}

}  // namespace spore::drivers::hyperv::netvsc
