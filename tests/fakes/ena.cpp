#include "tests/fakes/ena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/net/segments.hpp"

namespace spore::fakes {

using namespace wire::ena;

namespace {

constexpr u32 send_doorbell = 0x1000, receive_doorbell = 0x1008, unmask_registers = 0x2000, queue_memory = 0x1000;

/// Addresses have 48 bits, of which the upper ones are like the last: memory of tests may lie below the fake machine's.
void* memory_at(u32 low, u16 high) { return arch::direct({static_cast<u64>(static_cast<i64>((low | u64{high} << 32) << 16) >> 16)}); }

template <typename T>
void put_words(u32* words, const T& value) { std::memcpy(words, &value, sizeof value); }

}  // namespace

struct EnaCard::Io final : Owner {
    explicit Io(EnaCard& one) : Owner(one), card(one) {}
    u32 read(u32 offset) override {
        EXPECT_TRUE(card.plain) << "a register is read";
        return card.value_of(static_cast<Register>(offset));
    }
    void write(u32 offset, u32 value) override { card.write(offset, value); }
    EnaCard& card;
};

EnaCard::EnaCard() : Card(management_message), memory_(memory_size / sizeof(u64)) { set_masked(management_message, true); }

Owned<drivers::Hardware> EnaCard::hardware() { return Owned<drivers::Hardware>(new Io(*this)); }

u32 EnaCard::value_of(Register r) const {
    switch (r) {
    case Register::version: return version;
    case Register::controller_version: return controller_version;
    case Register::capabilities: return reset_timeout << 1 | address_width << 8 | command_timeout << 16;
    case Register::status: return (ready ? status_ready : 0) | (resetting_ ? status_resetting : 0);
    default: ADD_FAILURE() << "register " << static_cast<u32>(r) << " is read"; return 0;
    }
}

void EnaCard::write(u32 offset, u32 value) {
    ASSERT_EQ(offset % 4, 0u);
    ASSERT_LT(offset, register_space);
    auto low = [&](CardRing& ring) { ring = {.base = value, .size = 0, .next = 0, .phase = true}; };
    auto high = [&](CardRing& ring) {
        ASSERT_EQ(value >> 16, 0u);
        ring.base |= u64{value} << 32;
    };
    auto shape = [&](CardRing& ring) {
        ring.size = value & 0xffff;
        EXPECT_EQ(value >> 16, 64u);
        EXPECT_TRUE(std::has_single_bit(ring.size));
        EXPECT_EQ(ring.base % page_size, 0u);
    };
    switch (static_cast<Register>(offset)) {
    case Register::commands_low: commands_taken_ = 0; return low(commands_);
    case Register::commands_high: return high(commands_);
    case Register::commands_shape: return shape(commands_);
    case Register::answers_low: return low(answers_);
    case Register::answers_high: return high(answers_);
    case Register::answers_shape: return shape(answers_);
    case Register::events_low: events_written_ = events_allowed_ = 0; return low(events_);
    case Register::events_high: return high(events_);
    case Register::events_shape: return shape(events_);
    case Register::events_doorbell:
        EXPECT_LE(static_cast<u16>(value - events_written_), events_.size);
        events_allowed_ = static_cast<u16>(value);
        return;
    case Register::commands_doorbell: return run_commands(value);
    case Register::interrupt_mask: return set_masked(management_message, value & management_interrupt_masked);
    case Register::control: return reset(value);
    case Register::read_request: return read_request(value);
    case Register::read_answer_low: read_answer_ = value; return;
    case Register::read_answer_high: read_answer_ |= u64{value} << 32; return;
    default: break;
    }
    if (offset >= unmask_registers) {
        ASSERT_LT((offset - unmask_registers) / 4, 3u);
        EXPECT_EQ(value, unmask_interrupt);
        return set_masked((offset - unmask_registers) / 4, false);
    }
    if (!active) return;  // it was reset: nothing hears it
    ++tellings;
    if (offset == send_doorbell) return fetch(static_cast<u16>(value));
    ASSERT_EQ(offset, receive_doorbell);
    receive_tail_ = static_cast<u16>(value);
    if (keeps_rules()) EXPECT_LT(buffers(), receive_.size);
}

void EnaCard::reset(u32 value) {
    if (!(value & control_reset)) {
        if (finishes_reset) resetting_ = false;
        return;
    }
    if (finishes_reset) EXPECT_FALSE(resetting_);
    start_anew();
    set_masked(management_message, true);
    resetting_ = true;
    reason = value >> control_reason_shift;
    uses_memory = false;
    read_answer_ = 0;
    commands_ = answers_ = events_ = receive_ = receive_done_ = send_ = send_done_ = {};
    send_tail_ = receive_tail_ = receive_taken_ = 0;
    completion_queues_ = enabled_groups_ = entry_size_ = since_doorbell_ = 0;
    packet_.clear(), pushed_.clear(), frame_.clear();
}

void EnaCard::read_request(u32 value) {
    if (!answers_reads || is_cut_off) return;
    ASSERT_NE(read_answer_, 0u);
    auto offset = static_cast<u16>(value >> 16);
    ReadAnswer answer{static_cast<u16>(value), static_cast<u16>(wrong_read ? offset + 4 : offset), value_of(static_cast<Register>(offset))};
    std::memcpy(arch::direct({read_answer_}), &answer, sizeof answer);
}

void EnaCard::run_commands(u32 tail) {
    ASSERT_GT(commands_.size, 0u);
    ASSERT_LE(static_cast<u16>(tail - commands_taken_), commands_.size);
    for (; commands_taken_ != static_cast<u16>(tail); ++commands_taken_) {
        auto command = commands_.here<Command>();
        ASSERT_EQ(command.head.flags & phase_bit, commands_.phase);
        commands_.advance();
        if (!answers_commands) continue;
        auto answer = run(command);
        answer.head.number = static_cast<u16>(command.head.number + wrong_number);
        answer.head.flags = answers_.phase;
        answer.head.consumed = static_cast<u16>(commands_taken_ + 1);
        answers_.here<Answer>() = answer;
        answers_.advance();
    }
}

Answer EnaCard::run(const Command& command) {
    Answer answer{};
    FeatureCommand feature;
    std::memcpy(&feature, command.words, sizeof feature);
    auto opcode = command.head.opcode;
    bool about_feature = opcode == Opcode::get_feature || opcode == Opcode::set_feature;
    if (refused.contains(static_cast<u32>(opcode)) || (about_feature && refused.contains(256 + static_cast<u32>(feature.feature)))) {
        answer.head.status = status_illegal;
        return answer;
    }
    switch (opcode) {
    case Opcode::get_feature: answer.head.status = get(feature, answer.words); break;
    case Opcode::set_feature: answer.head.status = set(feature); break;
    case Opcode::create_completion: create_completion(command.words, answer.words); break;
    case Opcode::create_submission: answer.head.status = create_submission(command.words, answer.words); break;
    default: ADD_FAILURE() << "opcode " << static_cast<u32>(opcode); answer.head.status = status_unsupported;
    }
    return answer;
}

u8 EnaCard::get(const FeatureCommand& command, u32* words) {
    EXPECT_TRUE(command.feature == Feature::attributes || features >> static_cast<u32>(command.feature) & 1);
    switch (command.feature) {
    case Feature::attributes: {
        Attributes found{.implementation = 1, .version = 1, .features = features, .abilities = 0, .physical_width = 48, .virtual_width = 48, .address = {}, .steering_entries = 0, .most_mtu = most_mtu};
        std::ranges::copy(address, found.address);
        return put_words(words, found), 0;
    }
    case Feature::queue_limits:
        return put_words(words, QueueLimits{8, limits.send_depth, 8, limits.send_completion_depth, 0, 0, limits.header_size, limits.send_descriptors, limits.receive_descriptors}), 0;
    case Feature::queue_limits_2: EXPECT_EQ(command.version, queue_limits_2_version); return put_words(words, limits), 0;
    case Feature::hints: {
        Hints hints{};
        hints.keep_alive_timeout = keep_alive_ms;
        return put_words(words, hints), 0;
    }
    case Feature::device_memory: EXPECT_EQ(command.version, device_memory_version); return put_words(words, device_memory), 0;
    case Feature::offloads: return put_words(words, offloads), 0;
    case Feature::events: return put_words(words, EventGroups{groups, 0}), 0;
    default: ADD_FAILURE() << "feature " << static_cast<u32>(command.feature); return status_unsupported;
    }
}

u8 EnaCard::set(const FeatureCommand& command) {
    EXPECT_TRUE(command.feature == Feature::host || features >> static_cast<u32>(command.feature) & 1);
    switch (command.feature) {
    case Feature::host: {
        HostAttributes host;
        std::memcpy(&host, command.words, sizeof host);
        EXPECT_EQ(static_cast<HostPage*>(arch::direct({place_of(host.page)}))->specification, specification);
        return 0;
    }
    case Feature::mtu:
        mtu = command.words[0];
        EXPECT_LE(mtu, most_mtu);
        return 0;
    case Feature::events:
        enabled_groups_ = command.words[1];
        EXPECT_EQ(enabled_groups_ & ~groups, 0u);
        return 0;
    case Feature::device_memory: {
        DeviceMemory chosen;
        std::memcpy(&chosen, command.words, sizeof chosen);
        auto one_of = [](u16 choice, u16 offered) { return std::has_single_bit(choice) && choice & offered; };
        EXPECT_TRUE(one_of(chosen.header_place, device_memory.header_places) && one_of(chosen.entry_size, device_memory.entry_sizes));
        EXPECT_TRUE(one_of(chosen.before_header_chosen, device_memory.before_header) && one_of(chosen.stride, device_memory.strides));
        entry_size_ = chosen.entry_size == entry_of_256 ? 256 : 128;
        return 0;
    }
    default: ADD_FAILURE() << "feature " << static_cast<u32>(command.feature); return status_unsupported;
    }
}

void EnaCard::create_completion(const u32* words, u32* answer) {
    CreateCompletion wanted;
    std::memcpy(&wanted, words, sizeof wanted);
    bool sends = wanted.entry_words == sizeof(Sent) / 4;
    EXPECT_TRUE(sends || wanted.entry_words == sizeof(Received) / 4);
    EXPECT_EQ(wanted.interrupts, with_interrupts);
    EXPECT_TRUE(std::has_single_bit(wanted.depth) && wanted.depth <= (sends ? limits.send_completion_depth : limits.receive_completion_depth));
    EXPECT_TRUE(wanted.vector > 0 && wanted.vector < connected());
    (sends ? send_done_ : receive_done_) = {.base = place_of(wanted.ring), .size = wanted.depth, .next = 0, .phase = true};
    EXPECT_EQ(place_of(wanted.ring) % page_size, 0u);
    (sends ? send_vector_ : receive_vector_) = wanted.vector;
    put_words(answer, CompletionCreated{.number = static_cast<u16>(++completion_queues_), .depth = wanted.depth, .node_register = 0, .head_register = 0,
                                        .unmask_register = unmask_registers + wanted.vector * 4 + far_unmask, .reserved = {}});
}

u8 EnaCard::create_submission(const u32* words, u32* answer) {
    CreateSubmission wanted;
    std::memcpy(&wanted, words, sizeof wanted);
    bool sends = wanted.direction == direction_send;
    EXPECT_TRUE(sends || wanted.direction == direction_receive);
    EXPECT_TRUE(wanted.completion > 0 && wanted.completion <= completion_queues_);
    EXPECT_TRUE(std::has_single_bit(wanted.depth) && wanted.depth <= (sends ? limits.send_depth : limits.receive_depth));
    EXPECT_EQ(wanted.contiguous, 1);
    bool in_memory = wanted.policies == in_device_memory;
    EXPECT_EQ(in_memory, sends && entry_size_);
    if (in_memory) uses_memory = true, entries_at_ = queue_memory + far.entries;
    else EXPECT_TRUE(place_of(wanted.ring) && place_of(wanted.ring) % page_size == 0);
    (sends ? send_ : receive_) = {.base = place_of(wanted.ring), .size = wanted.depth, .next = 0, .phase = true};
    auto created = SubmissionCreated{.number = 1, .reserved0 = 0, .doorbell = (sends ? send_doorbell : receive_doorbell) + far.doorbell,
                                     .entries = in_memory ? entries_at_ : 0, .headers = 0, .reserved1 = {}};
    put_words(answer, created);
    active = send_.size && receive_.size;
    return 0;
}

// ---- events ----

void EnaCard::event(EventGroup group, u16 syndrome, std::vector<u32> words) {
    if (!active || !events_.size || !(enabled_groups_ & group_bit(group)) || events_written_ == events_allowed_) return;
    Event found{.group = static_cast<u16>(group), .syndrome = syndrome, .flags = events_.phase, .reserved = {}, .time = {}, .words = {}};
    std::ranges::copy(words, found.words);
    events_.here<Event>() = found;
    events_.advance();
    ++events_written_;
    cause(management_message);
}

// ---- what is received ----

u16 EnaCard::take_buffer() {
    auto request = receive_.here<Buffer>().request;
    receive_.advance();
    ++receive_taken_;
    took_buffer(request);
    return request;
}

bool EnaCard::receive(const Bytes& frame, u32 status, u32 piece, u8 offset) {
    if (!active) return false;
    std::size_t needed = (frame.size() + piece - 1) / piece;
    EXPECT_LE(needed, limits.receive_descriptors);
    if (buffers() < needed) return false;
    for (std::size_t at = 0; at < frame.size(); at += piece) {
        auto buffer = receive_.here<Buffer>();
        if (keeps_rules()) EXPECT_EQ(buffer.control, buffer_first | buffer_last | buffer_report | (receive_.phase ? buffer_phase : 0));
        auto count = std::min<std::size_t>(piece, frame.size() - at);
        bool is_first = at == 0, is_last = at + count == frame.size();
        u8 begin = is_first ? offset : 0;
        EXPECT_LE(begin + count, buffer.size ? buffer.size : 0x1'0000u);
        std::memcpy(static_cast<u8*>(memory_at(buffer.address, buffer.address_high)) + begin, frame.data() + at, count);
        (void)take_buffer();
        complete_receive({.status = (is_first ? Received::first : 0) | (is_last ? Received::last | status : 0), .size = static_cast<u16>(count), .request = buffer.request,
                          .hash = 0, .queue = 0, .offset = begin, .reserved = 0});
    }
    return true;
}

void EnaCard::complete_receive(Received found) {
    if (!active) return;
    filled_buffer(found.request);
    found.status = (found.status & ~Received::phase) | (receive_done_.phase ? Received::phase : 0);
    receive_done_.here<Received>() = found;
    receive_done_.advance();
    cause(receive_vector_);
}

// ---- what is sent ----

void EnaCard::complete_send(u16 request) {
    if (!active) return;
    in_flight_.erase(request);
    send_done_.here<Sent>() = {.request = request, .status = 0, .flags = static_cast<u8>(send_done_.phase), .queue = 0, .head = 0};
    send_done_.advance();
    cause(send_vector_);
}

void EnaCard::fetch(u16 tail) {
    u16 count = static_cast<u16>(tail - send_tail_);
    ASSERT_GT(count, 0);
    ASSERT_LT(count, send_.size);
    if (uses_memory && device_memory.modes & mode_bursts) EXPECT_LE(count * entry_size_, device_memory.most_burst);
    for (; send_tail_ != tail; ++send_tail_) {
        if (uses_memory) {
            fetch_entry();
        } else {
            auto descriptor = send_.here<SendDescriptor>();
            ASSERT_EQ(!!(descriptor.low & send_phase), send_.phase);
            take(descriptor);
        }
        send_.advance();
    }
    EXPECT_TRUE(packet_.empty());  // whole packets are shown
}

void EnaCard::fetch_entry() {
    std::byte entry[256];
    std::memcpy(entry, const_cast<const std::byte*>(reinterpret_cast<volatile std::byte*>(memory_.data())) + entries_at_ + send_.next * entry_size_, entry_size_);
    bool begins = packet_.empty();
    u32 places = begins ? 2 : entry_size_ / 16;
    auto* descriptors = reinterpret_cast<SendDescriptor*>(entry);
    if (begins) pushed_.assign(reinterpret_cast<u8*>(entry) + 32, reinterpret_cast<u8*>(entry) + entry_size_);
    for (u32 i = 0; i < places; ++i) {
        auto descriptor = descriptors[i];
        if (i && !descriptor.low) return;  // the rest is empty
        ASSERT_EQ(!!(descriptor.low & send_phase), send_.phase) << i;
        bool is_last = descriptor.low & send_last;
        take(descriptor);
        if (is_last) return;
    }
}

void EnaCard::take(SendDescriptor descriptor) {
    EXPECT_EQ(packet_.empty(), !!(descriptor.low & send_first));
    EXPECT_EQ(descriptor.low & (u32{1} << 31 | 3 << 29 | 1 << 25), 0u);
    packet_.push_back(descriptor);
    if (descriptor.low & send_meta) {
        EXPECT_EQ(packet_.size(), 1u);
        EXPECT_FALSE(descriptor.low & send_last);
        meta_ = descriptor;
        ++metas;
        return;
    }
    bool is_first = packet_.size() == 1 || (packet_.size() == 2 && packet_[0].low & send_meta);
    EXPECT_EQ(is_first, !!(descriptor.low & send_report));
    if (is_first) {
        u32 header = descriptor.high >> header_size_shift;
        if (uses_memory) {
            ASSERT_LE(header, pushed_.size());
            frame_.assign(pushed_.begin(), pushed_.begin() + header);
        } else {
            EXPECT_LE(header, limits.header_size);
        }
    } else {
        EXPECT_EQ(descriptor.what, 0u);
    }
    if (u32 size = descriptor.low & 0xffff) {
        auto* bytes = static_cast<u8*>(memory_at(descriptor.address, static_cast<u16>(descriptor.high)));
        frame_.insert(frame_.end(), bytes, bytes + size);
    }
    if (!(descriptor.low & send_last)) return;
    EXPECT_LE(packet_.size(), limits.send_descriptors);
    send();
    packet_.clear();
    frame_.clear();
}

void EnaCard::send() {
    auto& first = packet_[packet_[0].low & send_meta ? 1 : 0];
    bool stored = !(uses_memory && device_memory.modes & mode_no_stored_meta);
    EXPECT_TRUE(stored || packet_[0].low & send_meta);
    auto request = static_cast<u16>(first.what >> request_low_shift | (first.low >> request_high_shift & 0x3f) << request_high_bits);
    EXPECT_LT(request, send_.size);
    take_packet(request);
    u32 what = first.what;
    if (!(what & sum_transport)) {
        sent_.push_back(frame_);
    } else {
        std::size_t network = meta_.address >> 8 & 0xff, transport = network + (meta_.address & 0xff), words = meta_.address >> 16 & 0x3f;
        std::size_t piece = (meta_.address >> 22) | (meta_.low >> 16 & 0xf) << 10;
        bool v4 = (what & 0xf) == ip4;
        EXPECT_TRUE(v4 || (what & 0xf) == ip6);
        EXPECT_EQ(network, 14u);
        EXPECT_EQ(frame_.at(network) >> 4, v4 ? 4 : 6);
        EXPECT_EQ(!!(what & no_fragments), !v4 || frame_.at(network + 6) & 0x40);
        bool is_tcp = (what & 0x1f00) == tcp;
        std::size_t field = transport + (is_tcp ? 16 : 6);
        if (!(what & cut_segments)) {
            EXPECT_TRUE(what & has_pseudo_sum);
            Bytes frame = frame_;
            sum_up(frame, transport, field);
            sent_.push_back(std::move(frame));
        } else {
            EXPECT_TRUE(is_tcp && !(what & has_pseudo_sum) && (!v4 || what & sum_ip));
            EXPECT_GT(piece, 0u);
            EXPECT_EQ(words, frame_.at(transport + 12) >> 4);
            // It knows addresses and protocol by itself.
            std::size_t size = v4 ? 4 : 16;
            Bytes pseudo = part(frame_, network + (v4 ? 12 : 8), 2 * size) + big(6, 2);
            store(frame_, field, static_cast<u16>(~plain_checksum(pseudo)), 2);
            for (auto& frame : cut_tcp(frame_, transport, piece)) sent_.push_back(std::move(frame));
        }
    }
    finish_packet(request);
}

}  // namespace spore::fakes
