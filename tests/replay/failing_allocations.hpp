// SPDX-License-Identifier: MIT
// One story of a connection, a handshake or a session, told while memory or entropy fails: the host
// around it, which looks at each call that was refused, and all that could be seen.
#pragma once

#include "hawse/hawse.hpp"
#include "support/counting_allocator.hpp"
#include "support/drive.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay::failing {

using Failure = CountingAllocator::Failure;
enum class Source : std::uint8_t { memory, entropy };

/// Masking keys that differ, written down, and one nonce that is always the same; may run dry.
class FailingEntropy {
public:
    [[nodiscard]] Entropy face() noexcept { return {fill, this}; }
    void fail(std::size_t index, Failure how) noexcept {
        failing_at_ = index;
        failure_ = how;
    }
    [[nodiscard]] std::size_t failed_count() const noexcept { return failed_count_; }
    /// Whether `key` was drawn, and is taken out for the first time.
    bool take(std::uint32_t key) {
        const auto found = std::find(drawn_.begin(), drawn_.end(), key);
        if (found == drawn_.end()) return false;
        drawn_.erase(found);
        return true;
    }
    static bool fill(void* context, std::byte* into, std::size_t size) noexcept {
        auto& self = *static_cast<FailingEntropy*>(context);
        const std::size_t index = self.count_++;
        const bool fails = self.failure_ == Failure::once       ? index == self.failing_at_
                           : self.failure_ == Failure::for_ever ? index >= self.failing_at_
                                                                : false;
        if (fails) {
            ++self.failed_count_;
            return false;
        }
        if (size == 16) {
            std::memcpy(into, "the sample nonce", size);
            return true;
        }
        self.next_ += 0x9E3779B9;
        for (std::size_t at = 0; at < size; ++at)
            into[at] = static_cast<std::byte>(self.next_ >> (8 * (3 - at % 4)));
        self.drawn_.push_back(self.next_);
        return true;
    }

private:
    std::vector<std::uint32_t> drawn_ = {};
    std::uint32_t next_ = 0x37FA213D;
    std::size_t count_ = 0;
    std::size_t failing_at_ = 0;
    std::size_t failed_count_ = 0;
    Failure failure_ = Failure::never;
};

/// What a refused call may not have changed.
struct Look {
    unsigned state = 0;
    unsigned wants = 0;
    Time deadline = never;
    std::size_t output_size = 0;
    std::uint64_t announced_size = 0;
    std::uint64_t frame_left = 0;
    std::size_t leased_size = 0;
    friend bool operator==(const Look&, const Look&) = default;
};

/// One telling of a story. Its pool outlives all that the story makes.
struct Attempt {
    Attempt(Role ours, std::size_t kept)
        : role(ours), kept_size(kept), pool(allocator.face(), kept) {
        config.pool = &pool;
        config.entropy = entropy.face();
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    const Role role;
    const std::size_t kept_size;
    CountingAllocator allocator = {};
    Pool pool;
    FailingEntropy entropy = {};
    Config config = {};
    Time now = {1'000'000'000};

    // What fails, and where the story breaks off.
    Source source = Source::memory;
    Failure how = Failure::never;
    std::size_t step_end = SIZE_MAX;  ///< of the host's steps, so many are taken
    bool stops_when_failed = false;   ///< none behind the first failure

    // What was seen.
    std::vector<std::string> lines = {};  ///< events
    std::vector<std::string> calls = {};  ///< what the host's calls answered
    Octets output = {};
    std::string rest = {};  ///< what else stays the same: statistics, wants, released tokens
    std::vector<std::string> problems = {};
    Octets body = {};  ///< of a response that refuses
    std::size_t step_count = 0;
    bool opens = false;    ///< it begins with an opening handshake
    bool ends = true;      ///< a failure is followed by `closed`
    bool breaks = false;   ///< the transport ends before all is written
    bool gave_up = false;  ///< the host could not go on, and aborted

    void fail(Source what, std::size_t index, Failure failure) {
        source = what;
        how = failure;
        if (what == Source::memory)
            allocator.fail(index, failure);
        else
            entropy.fail(index, failure);
    }
    [[nodiscard]] std::size_t failed_count() const {
        return allocator.failed_count() + entropy.failed_count();
    }
    [[nodiscard]] Refusal lack() const {
        return source == Source::memory ? Refusal::out_of_memory : Refusal::no_entropy;
    }

    /// The host's next step is not taken any more; what there is, is destroyed as it stands.
    bool stops() {
        if (is_stopped()) return true;
        ++step_count;
        return false;
    }
    [[nodiscard]] bool is_stopped() const {
        return step_count >= step_end || (stops_when_failed && failed_count() != 0);
    }
    void expect(bool holds, std::string what) {
        if (!holds) problems.push_back(std::move(what));
    }
    void tell(std::string line) { lines.push_back(std::move(line)); }
    void note(std::string_view what) { ((rest += what) += '\n'); }

    template <typename Object>
    [[nodiscard]] Look look_at(const Object& object) const {
        Look look;
        look.leased_size = pool.leased_size();
        if constexpr (requires { object.state(); })
            look.state = static_cast<unsigned>(object.state());
        if constexpr (requires { object.wants(); }) {
            look.wants = object.wants().bits();
            look.deadline = object.deadline();
            look.output_size = object.output_size();
        }
        if constexpr (requires { object.announced_size(); }) {
            look.announced_size = object.announced_size();
            look.frame_left = object.frame_left();
        }
        if constexpr (requires { object.status(); }) look.state += object.status();
        if constexpr (requires { object.fields(); }) look.output_size = object.fields().size();
        return look;
    }

    /// A call of the host's. One that is refused for want of what fails has changed nothing; when it
    /// is made again it is carried out, or refused as before as long as the want lasts.
    template <typename Object, typename Call>
    Refusal call(const std::string& name, const Object& object, const Call& make) {
        if (stops()) return Refusal::not_open;
        const Look before = look_at(object);
        Refusal refusal = make();
        if (refusal == lack() && how != Failure::never) {
            expect_unchanged(name, before, look_at(object));
            refusal = make();
            expect((refusal == lack()) == (how == Failure::for_ever), name + " when made again");
            if (refusal == lack()) expect_unchanged(name, before, look_at(object));
        }
        calls.push_back(name + ' ' + name_of(refusal));
        const bool is_lack = refusal == Refusal::out_of_memory || refusal == Refusal::no_entropy;
        expect(!is_lack || (refusal == lack() && how == Failure::for_ever),
               name + " was refused for nothing");
        return refusal;
    }

    // Octets that were lent come back once.
    void lend(Token token) { lent_.push_back(token); }
    void take_back(Token token) {
        const auto found = std::find(lent_.begin(), lent_.end(), token);
        expect(found != lent_.end(), "a token came back that was not lent");
        if (found != lent_.end()) lent_.erase(found);
        note("released " + std::to_string(token.value));
    }
    [[nodiscard]] bool has_lent() const { return !lent_.empty(); }

private:
    // Room that was made for octets whose mask is missing may stay, for those that come next.
    void expect_unchanged(const std::string& name, const Look& before, Look after) {
        if (source == Source::entropy) after.leased_size = before.leased_size;
        expect(after == before, name + " was refused and has changed something");
    }

    std::vector<Token> lent_ = {};
};

inline const char* word_of(Role role) { return role == Role::server ? "server" : "client"; }

inline std::string in_words(const HandshakeEvent& event) {
    constexpr std::array names = {"none", "request", "response", "opened", "failed", "closed"};
    std::string words = names[static_cast<std::size_t>(event.kind)];
    if (event.cause != Cause::none) (words += ' ') += name_of(event.cause);
    if (event.violation != Violation::none) (words += ' ') += describe(event.violation).name;
    if (event.status != 0) words += " status " + std::to_string(event.status);
    return words;
}

/// As told, piece for piece: the input is cut the same in every attempt.
inline std::string in_words_with_flags(const Event& event) {
    std::string words = test::in_words(event);
    if (event.is_frame()) words += " of " + hex(std::array{std::byte{event.first_octet()}});
    if (event.is_part() || event.is_frame())
        words += std::string(event.first() ? " first" : "") + (event.last() ? " last" : "");
    return words;
}

/// The parts of a request, a response or an answer that were shown, in words.
inline std::string in_words(std::span<const Field> fields) {
    std::string all;
    for (const Field& field : fields) (((all += field.name) += '=') += field.value) += ';';
    return std::to_string(fields.size()) + " fields " + quoted(as_bytes(all));
}
inline std::string in_words(const Request& request) {
    return quoted(as_bytes(request.target)) + ' ' + std::string(request.authority) + ' ' +
           in_words(request.fields);
}
inline std::string in_words(const Agreement& agreement) {
    return std::string(word_of(agreement.role)) + " \"" + std::string(agreement.subprotocol) +
           "\" " + quoted(as_bytes(agreement.extensions)) + ' ' +
           std::to_string(agreement.reserved_bits);
}

/// How a Side writes what there is to write.
enum class Way : std::uint8_t {
    copied,    ///< all, after each event
    gathered,  ///< the same by gather(), two thirds at a time
    later,     ///< handed over at once, reusable one step later
    unwritten  ///< nothing before the end
};

/// A Connection, a Session, a handshake, or what C has of them, and the host's side of its transport.
template <typename Object>
class Side {
public:
    Side(Attempt& attempt, Object& object, Way way = Way::copied)
        : attempt_(attempt), object_(object), way_(way) {}

    Object& operator*() { return object_; }
    Object* operator->() { return &object_; }
    /// Called for every event, in the middle of pulling.
    std::function<void(const Event&)> on_event = [](const Event&) {};

    template <typename Call>
    Refusal call(const std::string& name, const Call& make) {
        const Refusal refusal = attempt_.call(name, object_, make);
        settle();
        return refusal;
    }

    /// Lends `octets` in pieces of `step`, each in memory of exactly its size, which is gone when all
    /// is pulled.
    void feed(ConstBytes octets, std::size_t step = SIZE_MAX) {
        while (!octets.empty()) {
            if (attempt_.stops()) return;
            const std::size_t size = std::min(octets.size(), step);
            const std::unique_ptr<std::byte[]> place(new std::byte[size]);
            std::memcpy(place.get(), octets.data(), size);
            (void)object_.receive({place.get(), size}, attempt_.now);
            octets = octets.subspan(size);
            pull();
        }
    }
    void pull() {
        settle();
        while (const Event event = object_.next_event()) {
            attempt_.tell(in_words_with_flags(event));
            on_event(event);
            settle();
        }
        settle();
    }
    void pass(Duration duration) {
        if (attempt_.stops()) return;
        attempt_.now = attempt_.now + duration;
        object_.advance(attempt_.now);
        pull();
    }
    void abort() {
        if (attempt_.stops()) return;
        object_.abort(attempt_.now);
        pull();
    }
    /// Commits what there is to write, and does not write it.
    void show() {
        if (attempt_.stops()) return;
        std::array<Slice, 3> slices;
        (void)object_.gather(slices);
    }
    void write_all(Way way = Way::copied) {
        if (attempt_.stops()) return;
        write(way);
        pull();
    }
    /// The transport's end, and all that the object says to it; `closed` comes by then.
    void end(TransportEnd how = TransportEnd::orderly) {
        if (attempt_.stops()) return;
        if (how == TransportEnd::orderly) write(Way::copied);
        pull();
        if (object_.wants().end_write()) object_.write_ended(attempt_.now);
        object_.receive_end(how, attempt_.now);
        pull();
        write(Way::copied);
        pull();
        object_.reusable(SIZE_MAX);
        take_tokens();
        attempt_.note("wants " + std::to_string(object_.wants().bits()));
        attempt_.expect(!attempt_.has_lent(), "a token never came back");
    }
    /// Those that are the host's again.
    void take_tokens() {
        if constexpr (requires { object_.next_released(); }) {
            while (const Token token = object_.next_released()) attempt_.take_back(token);
        }
    }

private:
    void settle() {
        if (way_ != Way::unwritten) write(way_);
        take_tokens();
    }
    void write(Way way) {
        // What is handed over must be reusable before it can be copied.
        if (way != Way::later && later_) {
            object_.reusable(SIZE_MAX);
            later_ = false;
        }
        if (way == Way::copied) return copy();
        std::array<Slice, 3> slices;
        if (way == Way::later && later_) object_.reusable(SIZE_MAX);
        while (const std::size_t count = object_.gather(slices)) {
            const std::size_t size = size_of(std::span<const Slice>(slices).first(count));
            const std::size_t taken = way == Way::later ? size : size - size / 3;
            std::size_t left = taken;
            for (std::size_t index = 0; index < count && left != 0; ++index) {
                const ConstBytes bytes = slices[index].bytes();
                const ConstBytes part = bytes.first(std::min(left, bytes.size()));
                append(attempt_.output, part);
                left -= part.size();
            }
            if (way == Way::later)
                object_.handed_over(taken, attempt_.now);
            else
                object_.wrote(taken, attempt_.now);
            later_ = way == Way::later;
        }
    }
    void copy() {
        std::array<std::byte, 512> piece;
        while (const std::size_t size = object_.write_output(piece, attempt_.now))
            append(attempt_.output, ConstBytes(piece).first(size));
    }

    Attempt& attempt_;
    Object& object_;
    Way way_;
    bool later_ = false;
};

enum class Roles : std::uint8_t { both, server, client };

struct Scenario {
    const char* name;
    void (*tell)(Attempt& attempt);
    Roles roles = Roles::both;
};

[[nodiscard]] std::span<const Scenario> scenarios_of_conversations();
[[nodiscard]] std::span<const Scenario> scenarios_of_openings();
[[nodiscard]] std::span<const Scenario> scenarios_of_sessions();
[[nodiscard]] std::span<const Scenario> scenarios_in_c();

}  // namespace hawse::test::replay::failing
