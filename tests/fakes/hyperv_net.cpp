#include "tests/fakes/hyperv_net.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/net/segments.hpp"

namespace spore::fakes {

using namespace wire::hyperv;
namespace rndis = wire::rndis;

namespace {

constexpr u32 link_header = 14, default_mtu = 1500;

template <typename T>
std::optional<T> read_at(const Bytes& bytes, std::size_t at) {
    T value{};
    EXPECT_LE(at + sizeof value, bytes.size());
    if (at + sizeof value > bytes.size()) return std::nullopt;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

Bytes bytes_from(ByteSpan bytes) { return ChannelEnd::copy_of(bytes); }

std::vector<Bytes> cut(const Bytes& whole, u32 info) {
    u32 size = info & 0xfffff, transport = info >> 20 & 0x3ff;
    bool v6 = info >> 31, second_version = info >> 30 & 1;
    EXPECT_TRUE(second_version);
    EXPECT_EQ(whole[12] == 0x86, v6);
    EXPECT_EQ(transport, link_header + (v6 ? 40u : 20u));
    EXPECT_GT(size, 0u);
    if (whole.size() < transport + 20 || !size) return {};
    std::size_t payload = whole.size() - transport - (whole[transport + 12] >> 4) * std::size_t{4};
    EXPECT_GE(payload, 2 * std::size_t{size} - (size - 1)) << "two segments at least";
    EXPECT_EQ(read_big(whole, v6 ? 18 : 16, 2), 0u) << "the length is left to the host";
    if (!v6) EXPECT_EQ(read_big(whole, 24, 2), 0u) << "so is the header's sum";
    return cut_tcp(whole, transport, size);
}

Bytes summed(Bytes frame, u32 info) {
    u32 transport = info >> 16 & 0x3ff;
    bool v4 = info & rndis::sum_ip4, v6 = info & rndis::sum_ip6, tcp = info & rndis::sum_tcp, udp = info & rndis::sum_udp;
    EXPECT_NE(v4, v6);
    EXPECT_NE(tcp, udp);
    EXPECT_EQ(frame[12] == 0x86, v6);
    EXPECT_GE(transport, link_header + (v6 ? 40u : 20u));
    EXPECT_LT(transport, frame.size());
    sum_up(frame, transport, transport + (tcp ? 16 : 6));
    return frame;
}

}  // namespace

rndis::OffloadCapabilities NetvscHost::everything() {
    rndis::OffloadCapabilities can{};
    can.head = {rndis::type_offload, rndis::offload_revision, sizeof can};
    can.send4 = can.receive4 = {rndis::framing_ethernet, 0x155};
    can.send6 = can.receive6 = {rndis::framing_ethernet, 0x55};
    can.framing4 = can.framing6 = rndis::framing_ethernet;
    can.largest4 = can.largest6 = 0xf53c;
    can.least_segments4 = can.least_segments6 = 2;
    return can;
}

NetvscHost::NetvscHost() {
    auto& host = HypervHost::start();
    host.offer(network_card, channel);
    host.on_open = [this](ChannelEnd& opened) {
        opened.on_signal = [this] { serve(); };
    };
}

NetvscHost::~NetvscHost() {
    HypervHost::get().on_open = nullptr;
    if (is_open()) end().on_signal = nullptr;
}

NetvscHost::Answer NetvscHost::begin(Step step) {
    if (step == Step::filter) {
        EXPECT_GE(steps.size(), static_cast<std::size_t>(Step::connected)) << "before the card is known";
    } else {
        EXPECT_EQ(static_cast<std::size_t>(step), steps.size()) << "out of order, or for the second time";
    }
    steps.push_back(step);
    return answers.contains(step) ? answers.at(step) : Answer::good;
}

void NetvscHost::serve() {
    if (serving_ || holds || !is_open()) return;
    serving_ = true;
    while (!holds) {
        auto packet = end().take();
        if (!packet) break;
        take(*packet);
    }
    serving_ = false;
}

void NetvscHost::resume() {
    holds = keeps = false;
    serve();
    while (!kept.empty()) ASSERT_TRUE(complete(*kept.begin()));
}

void NetvscHost::take(const ChannelEnd::Packet& packet) {
    if (packet.kind == PacketKind::completion) return take_answer(packet);
    EXPECT_TRUE(packet.kind == PacketKind::in_band || packet.kind == PacketKind::direct);
    EXPECT_EQ(packet.data.size(), 32u) << "a message, whole units of it";
    auto kind = read_at<NetKind>(packet.data, 0);
    if (!kind) return;
    if (*kind == NetKind::packet) return take_rndis(packet);
    EXPECT_EQ(packet.kind, PacketKind::in_band);
    take_message(packet);
}

template <typename T>
void NetvscHost::complete_with(u64 transaction, Answer answer, T message) {
    if (answer == Answer::none) return;
    if (answer == Answer::nonsense) message.kind = NetKind::packet;
    EXPECT_TRUE(end().complete(transaction, bytes_of(message)));
}

void NetvscHost::take_message(const ChannelEnd::Packet& packet) {
    auto kind = *read_at<NetKind>(packet.data, 0);
    bool answered = packet.flags & wants_completion;
    EXPECT_EQ(answered, kind != NetKind::ndis_config && kind != NetKind::ndis_version);
    switch (kind) {
    case NetKind::init: {
        auto asked = *read_at<NetInit>(packet.data, 0);
        auto answer = begin(Step::init);
        bool known = asked.version == net_version && asked.same_version == asked.version;
        EXPECT_TRUE(known);
        return complete_with(packet.transaction, answer, NetInitAnswer{NetKind::init_answer, ~0u, most_ranges, known && answer == Answer::good ? net_success : 0});
    }
    case NetKind::ndis_config: {
        auto told = *read_at<NdisConfig>(packet.data, 0);
        begin(Step::ndis_config);
        EXPECT_EQ(told.frame_size, default_mtu + link_header);
        EXPECT_EQ(told.reserved | told.capabilities[0] | told.capabilities[1], 0u);
        return;
    }
    case NetKind::ndis_version: {
        auto told = *read_at<NdisVersion>(packet.data, 0);
        begin(Step::ndis_version);
        EXPECT_EQ(told.major, 6u);
        EXPECT_EQ(told.minor, 30u);
        return;
    }
    case NetKind::receive_buffer: {
        auto told = *read_at<NetBuffer>(packet.data, 0);
        auto answer = begin(Step::receive_buffer);
        EXPECT_EQ(told.id, receive_buffer_id);
        receive_ = HypervHost::get().shared(told.memory);
        ASSERT_TRUE(receive_) << "of memory that is not shared";
        u32 count = receive_->size() / receive_section;
        owners_.assign(count, 0);
        return complete_with(packet.transaction, answer, ReceiveBufferAnswer{NetKind::receive_buffer_answer, answer == Answer::good ? net_success : 2, 1,
                                                                             {0, receive_section, count, receive_section * count}});
    }
    case NetKind::send_buffer: {
        auto told = *read_at<NetBuffer>(packet.data, 0);
        auto answer = begin(Step::send_buffer);
        EXPECT_EQ(told.id, send_buffer_id);
        send_ = HypervHost::get().shared(told.memory);
        ASSERT_TRUE(send_) << "of memory that is not shared";
        EXPECT_NE(send_, receive_);
        return complete_with(packet.transaction, answer, SendBufferAnswer{NetKind::send_buffer_answer, answer == Answer::good ? net_success : 2, section_size});
    }
    default: ADD_FAILURE() << "a message of kind " << static_cast<u32>(kind);
    }
}

/// What was sent in one transaction was taken.
void NetvscHost::take_answer(const ChannelEnd::Packet& packet) {
    auto answer = read_at<NetPacketAnswer>(packet.data, 0);
    ASSERT_TRUE(answer);
    EXPECT_EQ(packet.flags, 0);
    EXPECT_EQ(answer->kind, NetKind::packet_answer);
    EXPECT_EQ(answer->status, net_success);
    EXPECT_EQ(outstanding_.erase(packet.transaction), 1u) << "answered twice, or never sent: " << packet.transaction;
    free_sections(packet.transaction);
}

void NetvscHost::free_sections(u64 transaction) { std::ranges::replace(owners_, transaction, u64{0}); }

void NetvscHost::take_rndis(const ChannelEnd::Packet& packet) {
    auto told = *read_at<NetPacket>(packet.data, 0);
    ASSERT_TRUE(send_) << "before there are buffers";
    EXPECT_EQ(packet.flags, wants_completion);
    EXPECT_NE(packet.transaction, 0u);
    Bytes message;
    std::size_t first_range = 0;
    Sent taken{.frame = {}, .sums = {}, .segments = {}, .transaction = packet.transaction, .in_section = told.section != no_section, .ranges = 0};
    if (taken.in_section) {
        EXPECT_EQ(packet.kind, PacketKind::in_band);
        ASSERT_LE(told.section_bytes, section_size);
        ASSERT_LE(u64{told.section + 1} * section_size, send_->size());
        EXPECT_TRUE(sections_in_use_.insert(told.section).second) << "section " << told.section << " is in use";
        section_of_[packet.transaction] = told.section;
        message.resize(told.section_bytes);
        send_->copy_out(told.section * section_size, std::as_writable_bytes(std::span(message)));
        first_range = message.size();
        taken.ranges = 1;
    } else {
        EXPECT_EQ(told.section_bytes, 0u);
        ASSERT_EQ(packet.kind, PacketKind::direct);
        taken.ranges = read_at<DirectHead>(packet.head, 0)->ranges;
        first_range = read_at<RangeHead>(packet.head, sizeof(DirectHead))->bytes;
        EXPECT_LE(taken.ranges, most_ranges ? most_ranges : 32);
        for (auto piece : ChannelEnd::memory_of(packet)) message.insert(message.end(), piece.begin(), piece.end());
    }
    auto head = read_at<rndis::Head>(message, 0);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->bytes, message.size());
    EXPECT_EQ(told.channel, head->kind == rndis::Kind::packet ? net_data : net_control);
    bool is_frame = head->kind == rndis::Kind::packet;
    EXPECT_TRUE(kept.insert(packet.transaction).second) << "the transaction is in use";
    if (is_frame) {
        take_frame(message, first_range, std::move(taken));
        if (!keeps) EXPECT_TRUE(complete(packet.transaction));
    } else {
        EXPECT_TRUE(complete(packet.transaction));
        take_request(message);
    }
}

void NetvscHost::take_frame(const Bytes& message, std::size_t first_range, Sent taken) {
    EXPECT_TRUE(std::ranges::contains(steps, Step::filter)) << "before it was started";
    auto head = read_at<rndis::Packet>(message, sizeof(rndis::Head));
    ASSERT_TRUE(head);
    ASSERT_EQ(head->other_offset | head->other_bytes | head->others | head->connection | head->reserved, 0u);
    std::size_t size = message.size() - sizeof(rndis::Head);
    ASSERT_LE(head->data_offset, size);
    ASSERT_EQ(head->data_bytes, size - head->data_offset);
    ASSERT_GE(head->data_bytes, link_header);
    taken.frame = part(message, sizeof(rndis::Head) + head->data_offset, head->data_bytes);
    if (head->info_bytes) {
        ASSERT_LE(head->info_offset + head->info_bytes, head->data_offset);
        ASSERT_GE(head->info_offset, sizeof(rndis::Packet));
        read_infos(part(message, sizeof(rndis::Head) + head->info_offset, head->info_bytes), taken);
    } else {
        EXPECT_EQ(head->info_offset, 0u);
    }
    EXPECT_FALSE(taken.sums && taken.segments);
    if (taken.segments) {
        // What is looked at for that must lie in one piece.
        u32 transport = *taken.segments >> 20 & 0x3ff;
        EXPECT_GE(first_range, sizeof(rndis::Head) + head->data_offset + transport + 20);
        EXPECT_LE(head->data_bytes, std::min(can.largest4, can.largest6));
        for (auto& frame : cut(taken.frame, *taken.segments)) wire_.push_back(frame);
    } else {
        EXPECT_GE(first_range, sizeof(rndis::Head) + head->data_offset);
        wire_.push_back(taken.sums ? summed(taken.frame, *taken.sums) : taken.frame);
    }
    sent.push_back(std::move(taken));
}

void NetvscHost::read_infos(const Bytes& infos, Sent& taken) {
    for (std::size_t at = 0; at < infos.size();) {
        auto info = read_at<rndis::InfoHead>(infos, at);
        ASSERT_TRUE(info);
        ASSERT_GE(info->bytes, sizeof *info);
        ASSERT_LE(at + info->bytes, infos.size());
        ASSERT_LE(info->offset + 4, info->bytes);
        auto value = read_at<u32>(infos, at + info->offset);
        if (info->kind == rndis::InfoKind::checksum) taken.sums = value;
        else if (info->kind == rndis::InfoKind::segments) taken.segments = value;
        else ADD_FAILURE() << "information of kind " << static_cast<u32>(info->kind);
        at += info->bytes;
    }
}

bool NetvscHost::complete(u64 transaction, u32 status) {
    if (kept.erase(transaction) && section_of_.contains(transaction)) {
        sections_in_use_.erase(section_of_[transaction]);
        section_of_.erase(transaction);
    }
    return end().complete(transaction, bytes_of(NetPacketAnswer{NetKind::packet_answer, status}));
}

// ---- requests ----

void NetvscHost::reply(ByteSpan message, ByteSpan rest) {
    auto bytes = bytes_from(message) + bytes_from(rest);
    u32 size = static_cast<u32>(bytes.size());
    std::memcpy(bytes.data() + offsetof(rndis::Head, bytes), &size, sizeof size);
    EXPECT_TRUE(deliver_message(bytes));
}

void NetvscHost::answer_query(const rndis::Request& request, Step step, const Bytes& value) {
    auto answer = begin(step);
    if (answer == Answer::none) return;
    bool good = answer == Answer::good;
    rndis::Queried told{{rndis::Kind::queried, 0}, request.number, good || answer == Answer::nonsense ? rndis::status_success : 0xc000'00bb, static_cast<u32>(value.size()),
                        sizeof told - sizeof told.head};
    if (answer == Answer::nonsense) told.offset = 0x7fff'ffff;
    reply(bytes_of(told), good ? std::as_bytes(std::span(value)) : ByteSpan());
}

void NetvscHost::take_request(const Bytes& message) {
    auto head = *read_at<rndis::Head>(message, 0);
    if (head.kind == rndis::Kind::initialize) {
        auto asked = *read_at<rndis::Initialize>(message, 0);
        EXPECT_EQ(message.size(), sizeof asked);
        EXPECT_EQ(asked.major, 1u);
        EXPECT_EQ(asked.minor, 0u);
        auto answer = begin(Step::initialize);
        if (answer == Answer::none) return;
        auto kind = answer == Answer::nonsense ? rndis::Kind::was_set : rndis::Kind::initialized;
        u32 status = answer == Answer::good ? rndis::status_success : 0xc000'0001;
        return reply(bytes_of(rndis::Initialized{{kind, 0}, asked.number, status, 1, 0, 1, medium, 8, 0xefff'ffff, 3, 0, 0}));
    }
    ASSERT_TRUE(head.kind == rndis::Kind::query || head.kind == rndis::Kind::set);
    auto request = read_at<rndis::Request>(message, 0);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->connection, 0u);
    EXPECT_EQ(request->offset, sizeof *request - sizeof head) << "what follows follows at once";
    ASSERT_EQ(message.size(), sizeof *request + request->bytes);
    auto value = part(message, sizeof *request, request->bytes);
    if (head.kind == rndis::Kind::query) {
        switch (request->object) {
        case rndis::object_address: return answer_query(*request, Step::address, bytes_from(bytes_of(address)));
        case rndis::object_frame_size: return answer_query(*request, Step::frame_size, bytes_from(bytes_of(frame_size)));
        case rndis::object_connected: return answer_query(*request, Step::connected, bytes_from(bytes_of(connected)));
        case rndis::object_offload_capabilities: {
            auto with = read_at<rndis::ObjectHead>(value, 0);
            ASSERT_TRUE(with);
            EXPECT_EQ(with->type, rndis::type_offload);
            EXPECT_EQ(with->revision, 3);
            EXPECT_EQ(with->size, value.size());
            return answer_query(*request, Step::capabilities, bytes_from(bytes_of(can)));
        }
        default: ADD_FAILURE() << "a query of " << std::hex << request->object;
        }
        return;
    }
    Answer answer{};
    if (request->object == rndis::object_filter) {
        answer = begin(Step::filter);
        filter = read_at<u32>(value, 0).value_or(0);
    } else {
        ASSERT_EQ(request->object, rndis::object_offload_parameters);
        answer = begin(Step::parameters);
        parameters = read_at<rndis::OffloadParameters>(value, 0).value_or(rndis::OffloadParameters{});
        EXPECT_EQ(parameters.head.type, rndis::type_default);
        EXPECT_EQ(parameters.head.size, value.size());
        EXPECT_EQ(parameters.old_segments, 0) << "which no host has";
    }
    if (answer == Answer::none) return;
    auto kind = answer == Answer::nonsense ? rndis::Kind::queried : rndis::Kind::was_set;
    reply(bytes_of(rndis::WasSet{{kind, 0}, request->number, answer == Answer::good ? rndis::status_success : 0xc001'0015}));
}

// ---- what it sends ----

Bytes NetvscHost::message_of(const Bytes& frame, u32 sums) {
    u32 info_bytes = sums ? sizeof(rndis::Info) : 0, offset = static_cast<u32>(sizeof(rndis::Packet)) + info_bytes;
    rndis::Packet packet{.data_offset = offset, .data_bytes = static_cast<u32>(frame.size()), .other_offset = 0, .other_bytes = 0, .others = 0,
                         .info_offset = sums ? static_cast<u32>(sizeof(rndis::Packet)) : 0, .info_bytes = info_bytes, .connection = 0, .reserved = 0};
    rndis::Head head{rndis::Kind::packet, static_cast<u32>(sizeof(rndis::Head)) + offset + packet.data_bytes};
    auto bytes = bytes_from(bytes_of(head)) + bytes_from(bytes_of(packet));
    if (sums) bytes = bytes + bytes_from(bytes_of(rndis::Info{{sizeof(rndis::Info), rndis::InfoKind::checksum, sizeof(rndis::InfoHead)}, sums}));
    return bytes + frame;
}

bool NetvscHost::deliver(const std::vector<Bytes>& frames, u32 sums) {
    std::vector<Bytes> messages;
    for (auto& frame : frames) messages.push_back(message_of(frame, sums));
    return deliver_messages(messages).has_value();
}

std::optional<u64> NetvscHost::deliver_messages(const std::vector<Bytes>& messages) {
    u64 transaction = ++last_transaction_;
    if (reuses && !std::ranges::contains(owners_, u64{0})) std::ranges::fill(owners_, u64{0});
    Bytes head = bytes_from(bytes_of(TransferHead{receive_buffer_id, 0, static_cast<u32>(messages.size())}));
    for (auto& message : messages) {
        auto count = (message.size() + receive_section - 1) / receive_section;
        auto place = std::ranges::search_n(owners_, static_cast<i64>(count), u64{0});
        if (place.empty()) return free_sections(transaction), std::nullopt;
        std::ranges::fill(place, transaction);
        auto offset = static_cast<u32>(place.begin() - owners_.begin()) * receive_section;
        receive_->copy_in(offset, std::as_bytes(std::span(message)));
        head = head + bytes_from(bytes_of(TransferRange{static_cast<u32>(message.size()), offset}));
    }
    NetPacket told{NetKind::packet, net_data, no_section, 0};
    auto data = bytes_from(bytes_of(told));
    data.resize(net_message_size);
    outstanding_.insert(transaction);
    if (end().put({.kind = PacketKind::transfer_pages, .flags = wants_completion, .transaction = transaction, .head = head, .data = data})) return transaction;
    outstanding_.erase(transaction);
    free_sections(transaction);
    return std::nullopt;
}

void NetvscHost::set_link(bool up) { reply(bytes_of(rndis::Status{{rndis::Kind::status, 0}, up ? rndis::status_connected : rndis::status_disconnected, 0, 0})); }

std::vector<Bytes> NetvscHost::take_wire() { return std::exchange(wire_, {}); }

}  // namespace spore::fakes
