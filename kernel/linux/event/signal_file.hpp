// signalfd: signals that are read instead of delivered [signalfd(2)].
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// A reader gets the signals of its own process. Pollers are woken by those of the process that made the file.
class SignalFile final : public fs::File {
public:
    SignalFile(Shared<Process> maker, SignalSet mask, fs::OpenMode mode) : File(mode), maker_(std::move(maker)), mask_(mask.bits) {}

    void set_mask(SignalSet mask);
    Result<u64> read(fs::IoBuffer& into) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &maker_->signal_arrived; }
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::signal; }

    SignalSet mask() const { return {mask_.load(std::memory_order_relaxed)}; }

private:
    Shared<Process> maker_;
    std::atomic<u64> mask_;
};

}  // namespace spore::linux
