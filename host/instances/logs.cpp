#include "host/instances/logs.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "host/instances/instance.hpp"

namespace spore::host {

namespace {

std::string stamp(u64 nanoseconds) {
    auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return fmt::format("{}.{:06}Z ", text, nanoseconds / 1000 % 1'000'000);
}

/// A machine whose log is shown.
struct Source {
    Instance instance;
    LogReader log;
    std::string label;             ///< what stands before its lines; empty: nothing does, and they are printed as they come
    WholeLines lines[2] = {};           ///< by stream, where they are to be whole
    bool line_is_open[2] = {};     ///< by stream, where they are not

    bool runs() const { return fs::exists(instance.folder()) && instance.life() == Life::running; }
};

/// False when it cannot be written; a reader that is gone ends this process with SIGPIPE.
bool write_to(LogStream stream, std::string_view text) { return write_all(stream == LogStream::errors ? STDERR_FILENO : STDOUT_FILENO, std::as_bytes(std::span(text))); }

std::size_t index_of(LogStream stream) { return stream == LogStream::errors; }

class Printer {
public:
    explicit Printer(Stamps stamps) : stamps_(stamps) {}

    bool print(Source& source, const LogReader::Record& record) const {
        if (source.label.empty()) return print_as_it_came(source, record);
        std::string text;
        for (const auto& line : source.lines[index_of(record.stream)].add(record.nanoseconds, record.bytes)) text += labelled(source, line);
        return write_to(record.stream, text);
    }
    /// WholeLines that never ended.
    bool finish(Source& source) const {
        bool good = true;
        for (auto stream : {LogStream::output, LogStream::errors})
            if (auto rest = source.lines[index_of(stream)].rest()) good &= write_to(stream, labelled(source, *rest));
        return good;
    }

private:
    std::string labelled(const Source& source, const WholeLines::Line& line) const { return fmt::format("{}{}{}", source.label, stamps_ == Stamps::yes ? stamp(line.nanoseconds) : "", line.text); }
    bool print_as_it_came(Source& source, const LogReader::Record& record) const {
        if (stamps_ == Stamps::no) return write_to(record.stream, record.bytes);
        std::string text;
        auto& open = source.line_is_open[index_of(record.stream)];
        for (char c : record.bytes) {
            if (!open) text += stamp(record.nanoseconds);
            text += c;
            open = c != '\n';
        }
        return write_to(record.stream, text);
    }

    Stamps stamps_;
};

struct Piece {
    Source* source;
    LogReader::Record record;
};

/// What is there of all, by time.
std::vector<Piece> read_pieces(std::vector<Source>& sources, std::optional<u64> last) {
    std::vector<Piece> pieces;
    for (auto& source : sources) {
        LastLines lines(last.value_or(0));
        while (auto record = source.log.next()) {
            if (last) lines.add(std::move(*record));
            else pieces.push_back({&source, std::move(*record)});
        }
        for (const auto& record : lines.records()) pieces.push_back({&source, record});
    }
    if (sources.size() > 1) std::ranges::stable_sort(pieces, {}, [](const Piece& piece) { return piece.record.nanoseconds; });
    return pieces;
}

Outcome<int> show(std::vector<Source>& sources, const LogView& view) {
    Printer printer(view.stamps);
    auto lost = [](const Source& source) { return failure(ExitStatus::failed, "cannot write what {} printed: {}", source.instance.name(), error_text()); };
    for (auto last = view.last;; last.reset()) {
        // First whether they run, then what they wrote: nothing can come after that.
        bool running = view.follow == Follow::yes && std::ranges::any_of(sources, &Source::runs);
        for (auto& [source, record] : read_pieces(sources, last))
            if (!printer.print(*source, record)) return lost(*source);
        if (!running) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    for (auto& source : sources)
        if (!printer.finish(source)) return lost(source);
    return 0;
}

Outcome<Source> open_source(const std::string& name) {
    auto instance = TRY(Instance::open(name));
    auto log = TRY(LogReader::open(instance.log()));
    return Source{std::move(instance), std::move(log), {}};
}

}  // namespace

std::vector<WholeLines::Line> WholeLines::add(u64 nanoseconds, std::string_view piece) {
    std::vector<Line> whole;
    while (!piece.empty()) {
        if (open_.text.empty()) open_.nanoseconds = nanoseconds;
        auto end = piece.find('\n');
        open_.text += piece.substr(0, end == std::string_view::npos ? end : end + 1);
        if (end == std::string_view::npos) break;
        whole.push_back(std::exchange(open_, {}));
        piece.remove_prefix(end + 1);
    }
    return whole;
}

std::optional<WholeLines::Line> WholeLines::rest() {
    if (open_.text.empty()) return std::nullopt;
    auto line = std::exchange(open_, {});
    line.text += '\n';
    return line;
}

Outcome<int> show_logs(const std::vector<std::string>& names, const LogView& view) {
    std::vector<Source> sources;
    Outcome<int> whole = 0;
    std::size_t longest = 0;
    for (const auto& name : names) {
        auto source = open_source(name);
        if (!source && !whole) tell(whole.error());
        if (source) sources.push_back(std::move(*source));
        else whole = std::unexpected(source.error());
        longest = std::max(longest, name.size());
    }
    if (names.size() > 1)
        for (auto& source : sources) source.label = fmt::format("{:<{}} | ", source.instance.name(), longest);
    TRY(show(sources, view));
    return whole;
}

}  // namespace spore::host
