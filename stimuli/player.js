// One transport for the sounds of each `.player`. All of them run at once and all but one are muted, so that switching
// is immediate and stays at the same place. Sounds are media elements because pages opened from a disk cannot fetch.
{
  const APART_S = 0.005; // muted sounds that are further from the place of the heard one run faster or slower
  const FAR_S = 0.5; // and from here on they jump

  /** @param {number} seconds */
  const clock = (seconds) =>
    `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

  class Player {
    /** @param {HTMLElement} box */
    constructor(box) {
      this.box = box;
      this.duration = Number(box.dataset.duration);
      this.place = 0;
      this.playing = false;
      this.button = /** @type {HTMLButtonElement} */ (box.querySelector(".transport button"));
      this.seek = /** @type {HTMLInputElement} */ (box.querySelector(".transport input"));
      this.time = /** @type {HTMLOutputElement} */ (box.querySelector(".transport output"));
      this.lanes = /** @type {HTMLElement[]} */ ([...box.querySelectorAll(".lane")]);
      this.sounds = this.lanes.map(
        (lane) => /** @type {HTMLAudioElement} */ (lane.querySelector("audio")),
      );
      this.heard = 0;
      this.button.addEventListener("click", () => this.toggle());
      this.seek.addEventListener("input", () => this.go(Number(this.seek.value)));
      this.lanes.forEach((lane, at) => {
        lane.querySelector(".pick")?.addEventListener("click", () => this.choose(at));
        const stage = lane.querySelector(".stage");
        stage?.addEventListener("click", (event) => {
          const pointer = /** @type {MouseEvent} */ (event);
          const { left, width } = stage.getBoundingClientRect();
          this.choose(at);
          this.go((this.duration * (pointer.clientX - left)) / width);
        });
        this.sounds[at].addEventListener("ended", () => at === this.heard && this.stop(0));
        this.sounds[at].addEventListener("error", () => this.report(at));
      });
      this.choose(0);
      this.show();
    }

    toggle() {
      if (this.playing) {
        this.stop(this.sounds[this.heard].currentTime);
        return;
      }
      players.forEach((other) => other !== this && other.playing && other.toggle());
      this.playing = true;
      last = this;
      for (const sound of this.sounds) {
        sound.currentTime = this.place;
        sound.play().catch(() => {}); // paused before it started; unreadable files have an `error` event
      }
      this.follow();
      this.show();
    }

    /** @param {number} place */
    stop(place) {
      this.playing = false;
      this.sounds.forEach((sound) => sound.pause());
      this.go(place);
    }

    /** @param {number} place in seconds */
    go(place) {
      this.place = Math.min(Math.max(place, 0), this.duration);
      if (this.playing) for (const sound of this.sounds) sound.currentTime = this.place;
      last = this;
      this.show();
    }

    /** @param {number} at */
    choose(at) {
      this.heard = at;
      this.lanes.forEach((lane, each) => {
        this.sounds[each].muted = each !== at;
        this.sounds[each].playbackRate = 1;
        lane.classList.toggle("heard", each === at);
        lane.querySelector(".pick")?.setAttribute("aria-pressed", String(each === at));
      });
      last = this;
    }

    /** @param {number} at */
    report(at) {
      const note = this.lanes[at].querySelector(".pick span:last-child");
      if (note) note.textContent = "cannot be played";
      if (at === this.heard) this.stop(0);
    }

    follow() {
      if (!this.playing) return;
      this.place = this.sounds[this.heard].currentTime;
      for (const sound of this.sounds.filter(
        (each) => each.muted && each.readyState >= each.HAVE_FUTURE_DATA,
      )) {
        const late = this.place - sound.currentTime;
        if (Math.abs(late) > FAR_S) sound.currentTime = this.place;
        const near = Math.abs(late) <= APART_S || Math.abs(late) > FAR_S;
        sound.playbackRate = near ? 1 : 1 + Math.max(-0.5, Math.min(0.5, 4 * late));
      }
      this.show();
      requestAnimationFrame(() => this.follow());
    }

    show() {
      const share = this.duration > 0 ? (100 * this.place) / this.duration : 0;
      for (const line of /** @type {NodeListOf<HTMLElement>} */ (
        this.box.querySelectorAll(".playhead")
      ))
        line.style.left = `${share}%`;
      this.seek.value = String(this.place);
      this.seek.setAttribute("aria-valuetext", `${this.place.toFixed(1)} seconds`);
      this.time.textContent = `${clock(this.place)} / ${clock(this.duration)}`;
      const words = this.playing ? "Pause" : "Play";
      if (this.button.ariaLabel !== words) {
        this.button.ariaLabel = words;
        this.button.textContent = this.playing ? "\u275a\u275a" : "\u25b6";
      }
    }
  }

  /** @type {Player | undefined} */
  let last;
  const boxes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".player"));
  const players = [...boxes].map((box) => new Player(box));
  last = undefined;

  /** The player that has the focus, otherwise one in view: the last used, or the uppermost. */
  const current = () => {
    /** @param {Player} player */
    const inView = (player) => {
      const { top, bottom } = player.box.getBoundingClientRect();
      return bottom > 0.25 * innerHeight && top < 0.75 * innerHeight;
    };
    const focused = players.find((player) => player.box.contains(document.activeElement));
    return focused ?? (last && (last.playing || inView(last)) ? last : players.find(inView));
  };

  document.addEventListener("keydown", (event) => {
    const player = current();
    if (!player || event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = document.activeElement;
    const lane = player.lanes.findIndex(
      (each) => each.querySelector("kbd")?.textContent === event.key,
    );
    if (event.key === " ") {
      const other = focus?.closest(".pick[aria-pressed='false'], summary, a, button:not(.pick)");
      if (other) return; // the space bar activates that element
      player.toggle();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const step = event.shiftKey ? 5 : 0.5;
      player.go(player.place + (event.key === "ArrowLeft" ? -step : step));
    } else if (lane >= 0) {
      player.choose(lane);
    } else return;
    event.preventDefault();
  });
}
