/*
 * Sessions in a store that may be late: a reader may see what was before, for
 * up to CARRY ticks after a write, and no write is refused. The cookie carries
 * the visitor's own last write for so long; a login begins a new record; ends
 * are also written to a strong store, the option `revocations`.
 *
 * README.md says what is checked and how to run it. -DSETUP_x chooses who takes
 * part, -DPROPS which properties are asserted, and -DBREAK_x breaks the protocol
 * on purpose. One tick is 30 s.
 */

#define CARRY 2 /* how long a write may be on its way */
#define GRACE 1
#define SKEW 2  /* how far apart the clocks of two servers may be */
#define FLIGHT 1
#ifndef RENEW
#define RENEW 6 /* the option renewAfter; not less than GRACE + 2 * SKEW */
#endif

#define P_ENDED 1     /* L1: no end is undone */
#define P_OWN 2       /* L2: a visitor reads their own writes */
#define P_FOREVER 4   /* L3: no session fails for ever */
#define P_RIGHTFUL 8  /* L4: renewal logs nobody out */
#ifndef PROPS
#define PROPS 15
#endif
#define must(p, e) assert(!((p) & PROPS) || (e))

#define READ 1
#define SET 2
#define DESTROY 4
#define LOGIN 8

#define NONE 0
#define SERVED 1
#define OLDER 2
#define REFUSED 3
#define REUSE 4
#define FAILED 5

#ifdef SETUP_OWN /* one tab, two servers in two places */
#define ALL_ARRIVE
#define TICKS 8
#define PEOPLE run Tab(0, 0, 0, 4, READ | SET)
#define COUNT_OF_PEOPLE 1
#endif
#ifdef SETUP_OWN_RENEWED
#define ALL_ARRIVE
#define AGE RENEW
#define TICKS 8
#define PEOPLE run Tab(0, 0, 0, 4, READ | SET)
#define COUNT_OF_PEOPLE 1
#endif
#ifdef SETUP_TABS /* two tabs write */
#define TICKS 6
#define PEOPLE \
  run Tab(0, 0, 0, 3, SET); \
  run Tab(1, 0, 3, 1, SET)
#define COUNT_OF_PEOPLE 2
#endif
#ifdef SETUP_RENEWAL
#define AGE RENEW
#define TICKS 5
#define PEOPLE \
  run Tab(0, 0, 0, 3, READ); \
  run Tab(1, 0, 4, 1, READ | SET)
#define COUNT_OF_PEOPLE 2
#endif
#ifdef SETUP_ENDS /* a logout or a login, a slow write, and a copy of the cookie */
#define TICKS 2
#define CARRIED
#define PEOPLE \
  run Tab(0, 0, 0, 1, DESTROY | LOGIN); \
  run Tab(1, 0, 1, 1, SET); \
  run Tab(2, 1, 2, 1, READ | SET)
#define COUNT_OF_PEOPLE 3
#endif
#ifndef AGE
#define AGE 0
#endif

typedef Rec {
  bit on;    /* 0: none, or the mark of an end */
  byte rev;
  byte gen;
  byte at;   /* when the newest cookie was seen, if that was noted */
  bit clk;
  byte bump; /* when it was made */
  byte val;  /* the last write */
}
#define COPY(x, y) \
  x.on = y.on; x.rev = y.rev; x.gen = y.gen; x.at = y.at; x.clk = y.clk; \
  x.bump = y.bump; x.val = y.val
#define CLEAR(x) \
  x.on = 0; x.rev = 0; x.gen = 0; x.at = 0; x.clk = 0; x.bump = 0; x.val = 0

/* What is true in the end, and what each of two places shows: place * 3 + id. */
#define TRUTH 6
Rec rec[9];
byte behind[6]; /* by when a place shows the truth; 0: it does */
bit revoked[3]; /* the strong store beside it */

/* Cookies. */
typedef Cookie {
  byte sid;
  byte gen;
  byte rev;    /* of the visitor's last write, or 0 */
  byte wrote;  /* when, by the clock of who wrote it */
  byte val;    /* its data */
  byte sealed;
}
#define TAKE(x, y) \
  x.sid = y.sid; x.gen = y.gen; x.rev = y.rev; x.wrote = y.wrote; \
  x.val = y.val; x.sealed = y.sealed
#define DROP(x) \
  x.sid = 0; x.gen = 0; x.rev = 0; x.wrote = 0; x.val = 0; x.sealed = 0
Cookie jar[2];

#define START 10
byte now = START;
byte off[2];
#define clock(s) (now + off[s])
byte due[3];
byte running = 0;

bit ended[3];   /* an end was acknowledged */
byte last = 1;  /* what the visitor's only tab has written last */

/* Each place shows a write at once or later, but not later than CARRY. */
inline write(P, I, X) {
  COPY(rec[TRUTH + I], X);
  COPY(rec[3 * P + I], X);
  behind[3 * P + I] = 0;
  behind[3 * (1 - P) + I] = (behind[3 * (1 - P) + I] ->
    behind[3 * (1 - P) + I] : now + CARRY)
}

proctype Net() {
  do
  :: atomic { behind[1] -> COPY(rec[1], rec[TRUTH + 1]); behind[1] = 0 }
  :: atomic { behind[2] -> COPY(rec[2], rec[TRUTH + 2]); behind[2] = 0 }
  :: atomic { behind[4] -> COPY(rec[4], rec[TRUTH + 1]); behind[4] = 0 }
  :: atomic { behind[5] -> COPY(rec[5], rec[TRUTH + 2]); behind[5] = 0 }
  :: atomic {
      now < START + TICKS && running && (!due[0] || due[0] > now) &&
        (!due[1] || due[1] > now) && (!due[2] || due[2] > now) &&
        (!behind[1] || behind[1] > now) && (!behind[2] || behind[2] > now) &&
        (!behind[4] || behind[4] > now) && (!behind[5] || behind[5] > now) ->
      now++
    }
  :: atomic { !running -> break }
  od
}

#define isOnItsWay(s, longer) (c.rev && clock(s) <= c.wrote + CARRY + longer)
#ifdef BREAK_CARRY
#define isCarried(s) false
#else
#define isCarried(s) isOnItsWay(s, 0)
#endif
#if defined(BREAK_LATER) || defined(BREAK_CARRY)
#define isStillCarried(s) false
#else
#define isStillCarried(s) isOnItsWay(s, SKEW)
#endif

#define isOver(x, s) (clock(s) > x.at + GRACE + (s == x.clk -> 0 : SKEW))
#ifdef BREAK_EARLY_RENEWAL
#define isDue(x, s) (clock(s) >= x.bump + RENEW)
#define isNoted(x, s) false
#else
/* Nobody is on the way with the one before; if nobody knows, that is noted. */
#define isDue(x, s) (clock(s) >= x.bump + RENEW && \
  (x.gen == 1 || (x.at && isOver(x, s))))
#define isNoted(x, s) (clock(s) >= x.bump + RENEW && x.gen > 1 && !x.at)
#endif

/* What the store shows here, or the cookie instead, becomes s. */
inline open() {
  isStored = 0;
  if
  :: !c.sid -> v = NONE
  :: c.sid && isCarried(srv) -> skip
  :: c.sid && !isCarried(srv) ->
    COPY(s, rec[3 * srv + c.sid]);
    isStored = 1;
    if
    :: c.rev && s.rev < c.rev && isStillCarried(srv) -> isStored = 0
    :: else
#ifdef BREAK_FOREVER
      v = (c.rev && s.rev < c.rev -> FAILED : NONE)
#endif
    fi
  fi;
  if
  :: c.sid && !isStored && v != FAILED ->
    /* The cookie has the visitor's last write, its generation and its time. */
    s.on = 1;
    s.rev = c.rev;
    s.gen = c.gen;
    s.at = 0;
    s.clk = 0;
    s.bump = c.sealed;
    s.val = c.val
  :: else
  fi;
  if
  :: v == FAILED || !c.sid -> skip
  :: v != FAILED && c.sid ->
    if
    :: !s.on -> v = REFUSED
    :: s.on && c.gen == s.gen -> v = SERVED
    :: s.on && c.gen > s.gen ->
      /* A slower write, of before the renewal, has won. */
#ifdef BREAK_BEHIND
      v = REFUSED
#else
      v = SERVED;
      isBehind = 1;
      s.gen = c.gen
#endif
    :: s.on && c.gen < s.gen ->
      v = (c.gen + 1 == s.gen && (!s.at || !isOver(s, srv) ||
        c.sealed >= s.bump) -> OLDER : REUSE)
    fi;
#ifdef REVOCATIONS
#ifdef BREAK_ASKED
    v = (revoked[c.sid] && isStored -> REFUSED : v)
#else
    v = (revoked[c.sid] -> REFUSED : v)
#endif
#endif
  fi
}

proctype Tab(byte me; byte b; byte w0; byte count; byte ops) {
  byte w, v, op, gen;
  bit srv, isStored, isBehind, isSettled, hasCookie;
  Cookie c;
  Rec s;
  w = w0;
  do
  :: atomic { w < w0 + count ->
      TAKE(c, jar[b]);
      if
      :: srv = 0
      :: srv = 1
      fi;
      if
      :: ops & READ -> op = READ
      :: ops & SET -> op = SET
      :: ops & DESTROY -> op = DESTROY
      :: ops & LOGIN -> op = LOGIN
      fi;
      due[me] = now + FLIGHT
    }
    atomic {
      due[me] = 0;
      open();
      printf("t%d tab %d (server %d) op %d: %d.%d, rev %d: %d, value %d, stored %d\n",
        now, me, srv, op, c.sid, c.gen, c.rev, v, s.val, isStored);
      must(P_ENDED, !(ended[c.sid] && (v == SERVED || v == OLDER)));
#ifdef ALL_ARRIVE
      must(P_OWN, (v == SERVED || v == OLDER) && s.val == last);
#endif
      must(P_FOREVER, v != FAILED || isOnItsWay(srv, SKEW));
      must(P_FOREVER, v != REFUSED || ended[1] || revoked[1] ||
        !rec[TRUTH + 1].on);
      must(P_RIGHTFUL, v != REUSE);
      if
      :: v == REUSE ->
        revoked[c.sid] = 1;
        CLEAR(s);
        write(srv, c.sid, s);
        v = NONE
      :: else
      fi
    }
    if
    :: (v == SERVED || v == OLDER) && op == DESTROY ->
      atomic { revoked[c.sid] = 1 }
      atomic {
        /* A mark, newer than what anybody may have read. */
        gen = s.rev;
        CLEAR(s);
        s.rev = gen + 10;
        write(srv, c.sid, s);
        ended[c.sid] = 1;
        DROP(c);
        hasCookie = 1
      }
    :: (v == SERVED || v == OLDER) && op == LOGIN ->
      atomic {
        gen = s.rev;
        s.rev = 1;
        s.gen = 1;
        s.at = 0;
        s.bump = clock(srv);
        s.val = w + 2;
        write(srv, 2, s)
      }
      atomic { revoked[c.sid] = 1 }
      atomic {
        CLEAR(s);
        s.rev = gen + 10;
        write(srv, c.sid, s);
        ended[c.sid] = 1;
        c.sid = 2;
        c.gen = 1;
        c.rev = 1;
        c.wrote = clock(srv);
        c.val = w + 2;
        c.sealed = clock(srv);
        hasCookie = 1
      }
    :: (v == SERVED || v == OLDER) && (op == SET || op == READ) ->
      atomic {
        if
        :: v == SERVED && isStored && !isBehind && isDue(s, srv) ->
          s.gen++;
          s.at = 0;
          s.clk = 0;
          s.bump = clock(srv);
          isSettled = 1
        :: v == SERVED && isStored && !isBehind && !isDue(s, srv) &&
          isNoted(s, srv) ->
          s.at = clock(srv);
          s.clk = srv;
          isSettled = 1
        :: else ->
          if
          /* Along with another write, it costs nothing. */
          :: v == SERVED && isStored && !isBehind && op == SET && s.gen > 1 &&
            !s.at ->
            s.at = clock(srv);
            s.clk = srv
          :: else
          fi
        fi;
        c.gen = s.gen;
        if
        :: op == SET || isSettled ->
          s.val = (op == SET -> w + 2 : s.val);
          s.rev++;
          write(srv, c.sid, s);
          c.rev = s.rev;
          c.wrote = clock(srv);
          c.val = s.val;
          last = s.val;
          hasCookie = 1
        :: else -> hasCookie = (v == OLDER)
        fi;
        c.sealed = clock(srv);
        isSettled = 0
      }
    :: else
    fi;
    atomic {
      CLEAR(s);
      gen = 0;
      v = 0;
      isStored = 0;
      isBehind = 0;
      due[me] = (hasCookie -> now + FLIGHT : 0)
    }
    atomic {
      due[me] = 0;
      if
      :: hasCookie ->
        if
#ifndef ALL_ARRIVE
        :: true -> printf("t%d tab %d: answer lost\n", now, me)
#endif
        :: true ->
          TAKE(jar[b], c);
          printf("t%d tab %d: answer with %d.%d, rev %d\n", now, me, c.sid, c.gen, c.rev)
        fi
      :: else
      fi;
      hasCookie = 0;
      op = 0;
      srv = 0;
      DROP(c);
      w++
    }
  :: atomic { w == w0 + count -> break }
  od;
  running--
}

init {
  atomic {
    if
    :: skip
    :: off[0] = SKEW
    fi;
    rec[1].on = 1;
    rec[1].rev = 1;
    rec[1].gen = 1;
    rec[1].bump = START - AGE;
    rec[1].val = 1;
    COPY(rec[4], rec[1]);
    COPY(rec[TRUTH + 1], rec[1]);
    jar[0].sid = 1;
    jar[0].gen = 1;
    jar[0].sealed = START - AGE;
#ifdef CARRIED
    jar[0].rev = 1;
    jar[0].wrote = START;
    jar[0].val = 1;
#endif
    TAKE(jar[1], jar[0]);
    running = COUNT_OF_PEOPLE;
    PEOPLE;
    run Net()
  }
}
