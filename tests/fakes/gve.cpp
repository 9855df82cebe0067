#include "tests/fakes/gve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/net/segments.hpp"

namespace spore::fakes {

using namespace wire::gve;

namespace {

constexpr u32 send_doorbell = 40, receive_doorbell = 41, interrupt_doorbells = 600, stride = 64;
constexpr u32 status_illegal = 0xffff'fff7;

u8* memory_at(u64 address) { return static_cast<u8*>(arch::direct({address})); }

template <typename T>
T body_of(const Command& command) {
    T body;
    std::memcpy(&body, command.body, sizeof body);
    for (std::size_t i = sizeof body; i < sizeof command.body; ++i) EXPECT_EQ(command.body[i], std::byte{}) << i;
    return body;
}

}  // namespace

struct GveCard::Registers final : Owner {
    explicit Registers(GveCard& one) : Owner(one), card(one) {}
    u32 read(u32 offset) override {
        EXPECT_EQ(offset % 4, 0u);
        return std::byteswap(card.gone ? ~u32{0} : card.value_of(static_cast<Register>(offset)));
    }
    void write(u32 offset, u32 value) override {
        ASSERT_EQ(offset % 4, 0u);
        card.write(static_cast<Register>(offset), std::byteswap(value));
    }
    void write8(u32 offset, u8 value) override {
        EXPECT_EQ(static_cast<Register>(offset), Register::driver_version);
        card.version += static_cast<char>(value);
    }
    void write16(u32 offset, u16 value) override {
        EXPECT_EQ(static_cast<Register>(offset), Register::commands_size);
        EXPECT_GE(card.revision, told_by_address);
        card.commands_size_ = std::byteswap(value);
    }
    GveCard& card;
};

struct GveCard::Doorbells final : drivers::Hardware {
    explicit Doorbells(GveCard& one) : card(one) {}
    u32 read(u32) override {
        ADD_FAILURE() << "a doorbell is read";
        return 0;
    }
    void write(u32 offset, u32 value) override {
        ASSERT_EQ(offset % 4, 0u);
        ASSERT_LT(offset / 4, doorbell_count);
        card.ring_doorbell(offset / 4, value);
    }
    Result<u16> connect_message(u32, arch::InterruptHandler, void*) override { return fail(Error::busy); }
    Result<void> connect_shared(arch::InterruptHandler, void*) override { return fail(Error::busy); }
    void cut_off() override {}
    GveCard& card;
};

Owned<drivers::Hardware> GveCard::hardware() {
    if (was_used) {
        commands_base_ = page_size;
        driver_status_ = driver_runs;
    }
    return Owned<drivers::Hardware>(new Registers(*this));
}
Owned<drivers::Hardware> GveCard::doorbells() { return Owned<drivers::Hardware>(new Doorbells(*this)); }

// ---- registers and commands ----

u32 GveCard::value_of(Register r) {
    switch (r) {
    case Register::device_status: return (link ? link_is_up : 0) | (wants_reset_ ? wants_reset : 0) | (resetting_ && finishes_reset ? is_reset : 0);
    case Register::driver_status: EXPECT_GE(revision, told_by_address); return driver_status_;
    case Register::most_send_queues: case Register::most_receive_queues: return most_queues;
    case Register::commands_page: EXPECT_LT(revision, told_by_address); return static_cast<u32>(commands_base_ / page_size);
    case Register::commands_done: return commands_done_ + wrong_count;
    default: ADD_FAILURE() << "register " << static_cast<u32>(r) << " is read"; return 0;
    }
}

void GveCard::write(Register r, u32 value) {
    bool by_address = revision >= told_by_address;
    auto begin = [&] {
        EXPECT_EQ(commands_base_ % page_size, 0u);
        commands_done_ = 0;
        resetting_ = false;
    };
    switch (r) {
    case Register::commands_page:
        EXPECT_FALSE(by_address);
        if (!value) return reset();
        EXPECT_EQ(commands_base_, 0u);
        commands_base_ = u64{value} * page_size;
        return begin();
    case Register::commands_high: commands_base_ = u64{value} << 32; return;
    case Register::commands_low: commands_base_ |= value; return;
    case Register::driver_status:
        EXPECT_TRUE(by_address);
        if (value == driver_resets) return reset();
        EXPECT_EQ(value, driver_runs);
        EXPECT_EQ(commands_size_, page_size);
        driver_status_ = value;
        return begin();
    case Register::commands_doorbell: return run_commands(value);
    default: ADD_FAILURE() << "register " << static_cast<u32>(r) << " is written";
    }
}

void GveCard::reset() {
    if (!finishes_reset || gone) return;
    start_anew();
    resetting_ = true;
    wants_reset_ = configured_ = false;
    commands_base_ = commands_done_ = driver_status_ = commands_size_ = 0;
    receive_ = receive_done_ = send_ = send_done_ = {};
    shared_ = counters_ = 0;
    given_.clear(), ids_.clear(), packet_.clear();
    since_report_ = 0;
    to_report_ = false;
}

void GveCard::run_commands(u32 until) {
    ASSERT_NE(commands_base_, 0u);
    ASSERT_EQ(until, commands_done_ + 1);
    if (!answers_commands || is_cut_off) return;
    auto& command = reinterpret_cast<Command*>(memory_at(commands_base_))[commands_done_ % (page_size / sizeof(Command))];
    EXPECT_EQ(u32{command.status}, 0u);
    auto opcode = static_cast<Opcode>(u32{command.opcode});
    commands.push_back(opcode);
    u32 status = refused.contains(opcode) ? status_illegal : unknown.contains(opcode) ? status_unimplemented : run(command);
    command.status = status;
    ++commands_done_;
}

u32 GveCard::run(const Command& command) {
    switch (static_cast<Opcode>(u32{command.opcode})) {
    case Opcode::verify_driver: {
        auto wanted = body_of<VerifyDriver>(command);
        verify(wanted.address, wanted.size);
        return status_passed;
    }
    case Opcode::describe_device: {
        auto wanted = body_of<DescribeDevice>(command);
        EXPECT_EQ(u32{wanted.version}, descriptor_version);
        describe(wanted.address, u32{wanted.size});
        return status_passed;
    }
    case Opcode::configure: return configure(body_of<Configure>(command));
    case Opcode::deconfigure:
        EXPECT_TRUE(configured_ && !send_.size && !receive_.size);
        configured_ = false;
        return status_passed;
    case Opcode::get_packet_types: {
        auto wanted = body_of<PacketTypesCommand>(command);
        EXPECT_TRUE(configured_);
        EXPECT_EQ(u64{wanted.size}, packet_types * sizeof(PacketType));
        auto* types = reinterpret_cast<PacketType*>(memory_at(wanted.address));
        // Whoever likes may number them so; every network by every transport.
        for (u32 i = 0; i < 32; ++i) types[512 + i] = {static_cast<u8>(i / 8), static_cast<u8>(i % 8)};
        return status_passed;
    }
    case Opcode::create_send_queue: return create(body_of<CreateSendQueue>(command));
    case Opcode::create_receive_queue: return create(body_of<CreateReceiveQueue>(command));
    case Opcode::destroy_send_queue:
        EXPECT_TRUE(send_.size);
        EXPECT_EQ(u32{body_of<DestroyQueue>(command).queue}, 0u);
        send_ = {};
        active = false;
        return status_passed;
    case Opcode::destroy_receive_queue:
        EXPECT_TRUE(receive_.size);
        receive_ = {};
        active = false;
        return status_passed;
    }
    ADD_FAILURE() << "opcode " << u32{command.opcode};
    return status_unimplemented;
}

void GveCard::verify(u64 place, u64 size) {
    ASSERT_EQ(size, sizeof(DriverInfo));
    EXPECT_EQ(reinterpret_cast<DriverInfo*>(memory_at(place))->abilities[0] & (knows_raw_dqo | knows_missed_by_tag), knows_raw_dqo | knows_missed_by_tag);
}

void GveCard::describe(u64 place, u64 size) {
    EXPECT_EQ(size, page_size);
    Descriptor found{};
    found.send_entries = send_entries;
    found.receive_entries = receive_entries;
    found.usual_queues = 1;
    found.mtu = mtu;
    found.counters = counters;
    std::ranges::copy(address, found.address);
    Bytes options;
    u16 count = 0;
    auto add = [&](u16 id, Bytes body, u32 needed = 0) {
        if (!count) body.resize(body.size() - option_size_less);
        options = options + big(id, 2) + big(body.size(), 2) + big(needed, 4) + body;
        ++count;
    };
    if (has_raw_dqo) add(4, big(features, 4) + big(0, 4), required);
    add(0x77, Bytes(5, 0xff));  // nobody knows it, and the next does not lie at a multiple of anything
    add(2, big(0, 4));
    if (jumbo_mtu) add(8, big(1, 4) + big(jumbo_mtu, 2) + big(0, 2));
    if (buffer_size) add(10, big(1, 4) + big(buffer_size, 2) + big(128, 2) + big(0, 8));  // a later version, which says more
    found.options = static_cast<u16>(count + option_count_more);
    found.size = static_cast<u16>(sizeof found + options.size() + size_more);
    std::memcpy(memory_at(place), &found, sizeof found);
    std::memcpy(memory_at(place) + sizeof found, options.data(), options.size());
}

u32 GveCard::configure(const Configure& wanted) {
    EXPECT_FALSE(configured_);
    EXPECT_EQ(wanted.format, format_raw_dqo);
    EXPECT_EQ(u32{wanted.counters}, counters);
    EXPECT_EQ(u32{wanted.doorbells}, 2u);
    EXPECT_EQ(u32{wanted.doorbell_stride}, stride);
    EXPECT_EQ(u32{wanted.first_vector}, 0u);  // that of the device is the last
    EXPECT_EQ(connected(), 3u);
    shared_ = wanted.doorbells_address;
    counters_ = wanted.counters_address;
    EXPECT_TRUE(shared_ && shared_ % stride == 0 && counters_);
    for (u32 i = 0; i < 2; ++i) *reinterpret_cast<be32*>(memory_at(shared_ + i * stride)) = interrupt_doorbells + i + far_interrupt;
    std::memset(memory_at(counters_), 0x5a, counters * sizeof(u32));
    configured_ = true;
    return status_passed;
}

void GveCard::made(u64 resources, u32 doorbell) {
    EXPECT_EQ(resources % sizeof(Resources), 0u);
    auto& told = *reinterpret_cast<Resources*>(memory_at(resources));
    told.doorbell = doorbell + far_queue;
    told.counter = 3;
    active = send_.size && receive_.size;
}

u32 GveCard::create(const CreateSendQueue& wanted) {
    EXPECT_TRUE(configured_ && !send_.size);
    EXPECT_EQ(u32{wanted.queue}, 0u);
    EXPECT_EQ(u32{wanted.page_list}, raw_addresses);
    EXPECT_EQ(u32{wanted.doorbell}, 0u);
    EXPECT_EQ(u16{wanted.entries}, send_entries);
    EXPECT_EQ(u16{wanted.completion_entries}, send_entries);
    EXPECT_TRUE(wanted.ring % page_size == 0 && wanted.completions % page_size == 0);
    send_ = {.base = wanted.ring, .size = wanted.entries, .next = 0, .phase = true};
    send_done_ = {.base = wanted.completions, .size = wanted.completion_entries, .next = 0, .phase = true};
    made(wanted.resources, send_doorbell);
    return status_passed;
}

u32 GveCard::create(const CreateReceiveQueue& wanted) {
    EXPECT_TRUE(configured_ && !receive_.size);
    EXPECT_EQ(u32{wanted.queue}, 0u);
    EXPECT_EQ(u32{wanted.page_list}, raw_addresses);
    EXPECT_EQ(u32{wanted.doorbell}, 1u);
    EXPECT_EQ(u16{wanted.entries}, receive_entries);
    EXPECT_EQ(u16{wanted.buffer_entries}, receive_entries);
    EXPECT_EQ(wanted.coalesces, 0);
    EXPECT_EQ(u16{wanted.header_buffer_size}, 0);
    buffer_size_ = wanted.buffer_size;
    EXPECT_EQ(buffer_size_, features & has_buffer_sizes && buffer_size >= 4096 ? 4096u : 2048u);
    EXPECT_TRUE(wanted.buffers % page_size == 0 && wanted.completions % page_size == 0);
    receive_ = {.base = wanted.buffers, .size = wanted.buffer_entries, .next = 0, .phase = true};
    receive_done_ = {.base = wanted.completions, .size = wanted.entries, .next = 0, .phase = true};
    made(wanted.resources, receive_doorbell);
    return status_passed;
}

// ---- doorbells and interrupts ----

void GveCard::ring_doorbell(u32 index, u32 value) {
    if (far_queue || far_interrupt) return;  // what it named is of no use
    if (index >= interrupt_doorbells && index < interrupt_doorbells + 2) {
        EXPECT_TRUE(value & unmask_interrupt);
        bool keeps = (value & keep_interval) == keep_interval;
        EXPECT_EQ(value, keeps ? unmask_interrupt | keep_interval : unmask_with_interval(index == interrupt_doorbells ? 50 : 20));
        return set_masked(index - interrupt_doorbells, false);
    }
    if (!active) return;  // it was reset: nothing hears it
    ++tellings;
    if (index == send_doorbell) return fetch(value);
    ASSERT_EQ(index, receive_doorbell);
    take_buffers(value);
}

void GveCard::set_link(bool up) {
    link = up;
    if (active) cause(management_message);
}

void GveCard::ask_for_reset() {
    wants_reset_ = true;
    if (active) cause(management_message);
}

// ---- what is received ----

void GveCard::take_buffers(u32 tail) {
    ASSERT_LT(tail, receive_.size);
    EXPECT_EQ(tail % buffer_step, 0u);
    for (; receive_.next != tail; receive_.advance()) {
        auto buffer = receive_.here<Buffer>();
        bool is_new = ids_.insert(buffer.id).second;
        if (keeps_rules()) EXPECT_TRUE(is_new) << "buffer " << buffer.id << " is given twice";
        EXPECT_EQ(buffer.header_address, 0u);
        given_.push_back(buffer);
    }
    if (keeps_rules()) EXPECT_LT(given_.size(), receive_.size);
}

u16 GveCard::take_buffer() {
    auto id = given_.front().id;
    given_.erase(given_.begin());
    ids_.erase(id);
    took_buffer(id);
    return id;
}

bool GveCard::receive(const Bytes& frame, const How& how) {
    if (!active) return false;
    std::size_t piece = std::min(how.piece, buffer_size_), needed = (frame.size() + piece - 1) / piece;
    if (buffers() < needed) return false;
    for (std::size_t at = 0; at < frame.size(); at += piece) {
        if (how.any_order) std::ranges::rotate(given_, given_.begin() + static_cast<i64>(given_.size() / 2));
        auto buffer = given_.front();
        auto count = std::min(piece, frame.size() - at);
        bool is_last = at + count == frame.size();
        std::memcpy(memory_at(buffer.address), frame.data() + at, count);
        (void)take_buffer();
        Received found{};
        found.format = 1;
        found.size = static_cast<u16>(count);
        found.id = buffer.id;
        found.status = static_cast<u8>(Received::done | (is_last ? Received::last | how.status : 0));
        if (is_last) found.type = how.type, found.origin = how.origin, found.header = how.header;
        complete_receive(found);
    }
    return true;
}

void GveCard::complete_receive(Received found) {
    if (!active) return;
    filled_buffer(found.id);
    found.size = static_cast<u16>((found.size & ~Received::size_phase) | (receive_done_.phase ? Received::size_phase : 0));
    receive_done_.here<Received>() = found;
    receive_done_.advance();
    cause(receive_message);
}

// ---- what is sent ----

void GveCard::complete_send(SentType type, u16 tag) {
    if (!active) return;
    if (type == SentType::reinjected || (type == SentType::packet && !(tag & missed_tag))) in_flight_.erase(tag);
    send_done_.here<Sent>() = {.what = static_cast<u16>(static_cast<u32>(type) << 11 | (send_done_.phase ? Sent::phase : 0)), .tag = tag, .reserved = 0};
    send_done_.advance();
    cause(send_message);
}

void GveCard::report(u16 tag) {
    if (path == Path::straight) return complete_send(SentType::packet, tag);
    if (path == Path::missed) complete_send(SentType::missed, tag);
    else complete_send(SentType::packet, tag | missed_tag);
    complete_send(SentType::reinjected, tag);
}

void GveCard::fetch(u32 tail) {
    ASSERT_LT(tail, send_.size);
    ASSERT_NE(tail, send_.next);
    for (; send_.next != tail; send_.advance()) {
        auto descriptor = send_.here<SendDescriptor>();
        std::memset(&send_.here<SendDescriptor>(), 0xee, sizeof descriptor);  // it may be written anew
        take(descriptor);
    }
    EXPECT_TRUE(packet_.empty());  // whole packets are shown
    if (std::exchange(to_report_, false)) complete_send(SentType::fetched, static_cast<u16>(tail));
}

void GveCard::take(const SendDescriptor& descriptor) {
    ++since_report_;
    packet_.push_back(descriptor);
    u32 kind = descriptor.what & dtype_mask;
    if (kind != dtype_packet) {
        EXPECT_TRUE(kind == dtype_context || (kind == dtype_segments && packet_.size() == 1));
        EXPECT_EQ(descriptor.what, kind == dtype_segments ? dtype_segments | cuts_segments : dtype_context);
        return;
    }
    EXPECT_EQ(descriptor.what >> 8, 0u);
    EXPECT_EQ(descriptor.high >> 30, 0u);
    EXPECT_GT(descriptor.high >> 16, 0u);
    if (descriptor.what & send_report) {
        EXPECT_TRUE(descriptor.what & send_last);
        EXPECT_GE(since_report_, report_interval);
        since_report_ = 0;
        to_report_ = true;
        ++reports;
    }
    if (!(descriptor.what & send_last)) return;
    send();
    packet_.clear();
}

void GveCard::send() {
    bool cut = (packet_[0].what & dtype_mask) == dtype_segments;
    ASSERT_GT(packet_.size(), 1u + cut);
    EXPECT_EQ(packet_[cut].what & dtype_mask, dtype_context);
    auto context = packet_[0];
    std::vector<SendDescriptor> pieces(packet_.begin() + 1 + cut, packet_.end());
    u32 tag = pieces[0].high & 0xffff, sum = pieces[0].what & send_checksum;
    EXPECT_LT(tag, missed_tag);
    take_packet(static_cast<u16>(tag));
    Bytes whole;
    std::vector<std::size_t> ends;
    for (auto& piece : pieces) {
        EXPECT_EQ(piece.what & dtype_mask, dtype_packet);
        EXPECT_EQ(piece.high & 0xffff, tag);
        EXPECT_EQ(piece.what & send_checksum, sum);
        auto* bytes = memory_at(piece.low);
        whole.insert(whole.end(), bytes, bytes + (piece.high >> 16));
        ends.push_back(whole.size());
    }
    if (!sum) {
        EXPECT_FALSE(cut);
        EXPECT_TRUE(whole.size() >= smallest_packet && whole.size() <= largest_packet) << whole.size();
        EXPECT_LE(pieces.size(), most_pieces);
        sent_.push_back(whole);
    } else {
        // It finds its way through the headers by itself.
        std::size_t network = 14;
        bool v4 = whole.at(network) >> 4 == 4;
        std::size_t transport = network + (v4 ? (whole.at(network) & 0xfu) * 4 : 40);
        bool is_tcp = whole.at(network + (v4 ? 9 : 6)) == 6;
        std::size_t field = transport + (is_tcp ? 16 : 6);
        if (!cut) {
            EXPECT_LE(pieces.size(), most_pieces);
            sum_up(whole, transport, field);
            sent_.push_back(whole);
        } else {
            std::size_t payload = context.low & 0xff'ffff, piece = context.low >> 32 & 0x3fff, headers = context.low >> 48 & 0xff;
            EXPECT_TRUE(is_tcp);
            EXPECT_TRUE(piece >= least_segment && piece <= largest_segment);
            EXPECT_EQ(headers, transport + (whole.at(transport + 12) >> 4) * 4u);
            ASSERT_EQ(payload, whole.size() - headers);
            for (std::size_t at = 0; piece && at < payload; at += piece) {
                std::size_t size = std::min(piece, payload - at), from = headers + at;
                auto touched = 1 + std::ranges::count_if(ends, [&](auto& end) {
                                   std::size_t begin = &end == ends.data() ? 0 : (&end)[-1];
                                   return begin < from + size && end > from;
                               });
                EXPECT_LE(touched, static_cast<i64>(most_pieces));
            }
            for (auto& frame : cut_tcp(whole, transport, piece)) sent_.push_back(std::move(frame));
        }
    }
    finish_packet(static_cast<u16>(tag));
}

}  // namespace spore::fakes
