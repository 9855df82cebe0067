// poll and select.
#include "base/defer.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_mask.hpp"
#include "kernel/linux/poll/poll_set.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux {

namespace calls {
namespace {

constexpr u16 not_open = 0x20;  // POLLNVAL

/// What is left until the deadline, told to the program; it need not be writable.
template <typename T>
void tell_remaining(UserInOut<T> timeout, Instant deadline) {
    if (!timeout || deadline == Instant::never()) return;
    auto now = time::now();
    (void)timeout.write(T::of(deadline > now ? deadline - now : Duration{}));
}

template <typename T>
Result<Instant> deadline_of(UserInOut<T> timeout) {
    if (!timeout) return Instant::never();
    auto span = TRY(timeout.read());
    if (!span.valid()) return fail(Error::invalid);
    if (span.duration() == Duration{}) return Instant{};
    return time::now() + span.duration();
}

Result<u64> poll_until(Task& task, UserInOut<PollDescriptor> user, u32 count, Instant deadline) {
    if (count > task.process().limit(limit_files).soft) return fail(Error::invalid);
    ShortArray<PollDescriptor, 8> descriptors;
    TRY(descriptors.reserve(count));
    TRY(UserIn<PollDescriptor>{user.at}.read_all(descriptors.span()));
    PollSet set;
    TRY(set.reserve(count));
    u64 bad = 0;
    for (u32 i = 0; i < count; ++i) {
        auto& descriptor = descriptors[i];
        descriptor.results = 0;
        if (descriptor.descriptor < 0) continue;
        auto file = task.files().get({descriptor.descriptor});
        if (!file || (*file)->mode().path_only) {
            descriptor.results = not_open;
            ++bad;
            continue;
        }
        set[i].file = std::move(*file);
        set[i].wanted = from_program(descriptor.events) | always_told;
    }
    u64 found = TRY(set.wait(deadline, bad));
    for (u32 i = 0; i < count; ++i) {
        auto& descriptor = descriptors[i];
        if (set[i].file) descriptor.results = static_cast<u16>(to_program(set[i].found, descriptor.events));
        TRY(arch::copy_to_program(user.at + i * sizeof(PollDescriptor) + offsetof(PollDescriptor, results), &descriptor.results, sizeof(u16)));
    }
    return found;
}

/// The three sets of a select call: bits in, bits out.
class DescriptorSets {
public:
    static Result<DescriptorSets> read(u64 count, const UserInOut<u64> (&users)[3]) {
        DescriptorSets sets;
        sets.words_ = (count + 63) / 64;
        sets.bits_ = TRY(HeapArray<u64>::create(sets.words_ * 6 + 1));
        for (unsigned set = 0; set < 3; ++set)
            if (users[set]) TRY(UserIn<u64>{users[set].at}.read_all({sets.wanted(set), sets.words_}));
        return sets;
    }
    bool asks(unsigned set, u64 number) const { return wanted(set)[number / 64] >> (number % 64) & 1; }
    void answer(unsigned set, u64 number) { found(set)[number / 64] |= u64{1} << (number % 64); }
    Result<void> write(const UserInOut<u64> (&users)[3]) const {
        for (unsigned set = 0; set < 3; ++set)
            if (users[set]) TRY(UserOut<u64>{users[set].at}.write_all({found(set), words_}));
        return {};
    }

private:
    u64* wanted(unsigned set) const { return bits_.data() + set * words_; }
    u64* found(unsigned set) const { return bits_.data() + (3 + set) * words_; }
    HeapArray<u64> bits_;
    u64 words_ = 0;
};

using enum fs::Ready;
/// What each of the sets means in poll's terms.
constexpr fs::Ready meanings[3] = {in | hang_up | error, out | error, priority};

Result<u64> select_until(Task& task, i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, Instant deadline) {
    if (count < 0) return fail(Error::invalid);
    u64 most = std::min<u64>(static_cast<u64>(count), task.process().limit(limit_files).soft);
    const UserInOut<u64> users[3] = {readable, writable, exceptional};
    auto sets = TRY(DescriptorSets::read(most, users));

    auto asked = [&](u64 number) {
        auto wanted = fs::Ready::none;
        for (unsigned set = 0; set < 3; ++set)
            if (sets.asks(set, number)) wanted |= meanings[set];
        return wanted;
    };
    u64 members = 0;
    for (u64 number = 0; number < most; ++number) members += any(asked(number));
    PollSet set;
    TRY(set.reserve(members));
    u64 at = 0;
    for (u64 number = 0; number < most; ++number) {
        auto wanted = asked(number);
        if (!any(wanted)) continue;
        set[at].file = TRY(task.files().get({static_cast<i32>(number)}));
        if (set[at].file->mode().path_only) return fail(Error::bad_descriptor);
        set[at++].wanted = wanted;
    }
    (void)TRY(set.wait(deadline));
    u64 bits = 0;
    at = 0;
    for (u64 number = 0; number < most; ++number) {
        if (!any(asked(number))) continue;
        auto found = set[at++].found;
        for (unsigned i = 0; i < 3; ++i)
            if (sets.asks(i, number) && any(found & meanings[i])) sets.answer(i, number), ++bits;
    }
    TRY(sets.write(users));
    return bits;
}

}  // namespace

Result<u64> poll(Task& task, UserInOut<PollDescriptor> descriptors, u32 count, i32 milliseconds) {
    Instant deadline = milliseconds < 0 ? Instant::never() : milliseconds == 0 ? Instant{} : resumable_deadline(task, Duration::ms(milliseconds));
    auto result = poll_until(task, descriptors, count, deadline);
    // Made again after a stop, the call must end when it would have ended: until then the deadline stays.
    if (result || result.error() != Error::interrupted) task.resumed_deadline = Instant::never();
    return result;
}
Result<u64> ppoll(Task& task, UserInOut<PollDescriptor> descriptors, u32 count, UserInOut<Timespec> timeout, UserIn<SignalSet> mask, u64 mask_size) {
    auto deadline = TRY(deadline_of(timeout));
    auto result = with_mask(task, mask, mask_size, [&] { return poll_until(task, descriptors, count, deadline); });
    tell_remaining(timeout, deadline);
    return result;
}
Result<u64> select(Task& task, i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timeval> timeout) {
    auto deadline = Instant::never();
    if (timeout) {
        // More than a million microseconds are carried over, as Linux does.
        auto span = TRY(timeout.read());
        span.seconds += span.microseconds / 1'000'000, span.microseconds %= 1'000'000;
        if (!span.valid()) return fail(Error::invalid);
        deadline = span.duration() == Duration{} ? Instant{} : time::now() + span.duration();
    }
    auto result = select_until(task, count, readable, writable, exceptional, deadline);
    tell_remaining(timeout, deadline);
    return result;
}
Result<u64> pselect6(Task& task, i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timespec> timeout,
                     UserIn<SignalMaskArgument> user_mask) {
    auto deadline = TRY(deadline_of(timeout));
    SignalMaskArgument mask{};
    if (user_mask) mask = TRY(user_mask.read());
    auto result = with_mask(task, {{mask.address}}, mask.size, [&] { return select_until(task, count, readable, writable, exceptional, deadline); });
    tell_remaining(timeout, deadline);
    return result;
}

}  // namespace calls
}  // namespace spore::linux
