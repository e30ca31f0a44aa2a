/*
 * The option revocations: one record of a user in a strong store says which
 * logins are over. Here, the sessions' own store shows anything at any time: a
 * cookie carries its session, or a slow write has brought the record back. So
 * only that one record can end a session.
 *
 * README.md says what is checked and how to run it. -DSETUP_x chooses who takes
 * part, -DPROPS which properties are asserted, and -DBREAK_x breaks the protocol
 * on purpose.
 *
 * Sessions in cookies alone, IN_COOKIES, do not end one by one.
 *
 * A request that only reads changes nothing. So there is none: after each step
 * it is looked at what every cookie would open.
 */

#define R_OVER 1  /* R1: what was ended opens nothing, nor does what came of it */
#define R_STAYS 2 /* R2: nobody else is logged out */
#ifndef PROPS
#define PROPS 3
#endif
#define must(p, e) assert(!((p) & PROPS) || (e))

#define LOGIN 1
#define REGEN 2
#define OTHERS 4 /* revokeAll with the own session as except */
#define ALL 8    /* revokeAll without */
#define DESTROY 16

#ifdef SETUP_REVOKE_ALL /* two browsers and somebody who revokes all */
#define PEOPLE \
  run Tab(0, 3, REGEN | LOGIN); \
  run Tab(1, 2, DESTROY | LOGIN); \
  run Tab(2, 1, ALL)
#endif
#ifdef SETUP_OTHERS /* one browser ends the other's session, and goes on */
#define PEOPLE \
  run Tab(0, 3, REGEN | OTHERS | LOGIN); \
  run Tab(1, 3, REGEN | OTHERS | LOGIN | DESTROY)
#endif
#ifdef SETUP_EACH_OTHER /* both do, and a thief has a copy of one's cookie */
#define PEOPLE \
  run Tab(0, 2, OTHERS); \
  run Tab(1, 2, OTHERS | LOGIN); \
  run Tab(2, 2, REGEN | OTHERS)
#endif
#ifdef SETUP_TABS /* two tabs of one browser: one regenerates, one ends others */
#define PEOPLE \
  run Tab(0, 1, REGEN); \
  run Tab(0, 2, OTHERS); \
  run Tab(1, 2, OTHERS | LOGIN)
#endif

/* The user's record. */
byte epoch = 0;
byte except = 0;
byte least = 0; /* what the session that stays carries at least */
short ended = 0; /* by the bits of sessions: those ended one by one, or left */
byte reading = 0; /* by the bits of tabs: who has read it to change it */
byte stale = 0;   /* and it has changed since */

/* Cookies: 0 and 1 are browsers, 2 is a thief with a copy of what 0 has. */
typedef Cookie {
  byte sid;
  byte epoch;
}
Cookie jar[3];

#define SIDS 12
byte top = 3;

/* What only the properties know. Of each session: the login that it came from,
 * the highest epoch that a cookie of it has had, whether an acknowledged call
 * has ended it, and whether any call may have. */
byte root[SIDS];
byte most[SIDS];
short gone = 0;
short over = 0; /* of a login: with all that came of it */
short cut = 0;  /* the same */

#define isIn(set_, i_) (((set_) >> (i_)) & 1)
#define opens(i_, e_) (!isIn(ended, i_) && ((e_) >= epoch || \
  except == (i_) && (e_) >= least))

#define OVER 0
#define ASK 1   /* it reads the user's record, to change it */
#define WRITE 2 /* it changes that */
#define DONE 3
#define MAKE 4  /* it writes a session by a new id */

/* What each cookie opens now. */
inline look() {
  for (i : 1 .. SIDS - 1) {
    must(R_OVER, i >= top || !opens(i, most[i]) ||
      !isIn(gone, i) && !isIn(over, root[i]))
  }
  for (i : 0 .. 2) {
    must(R_STAYS, opens(jar[i].sid, jar[i].epoch) ||
      isIn(cut, root[jar[i].sid]) || isIn(ended, jar[i].sid))
  }
  i = 0
}

/* A cookie arrives, in any order with others, or is lost. */
inline send(I, E) {
  most[I] = (E > most[I] -> E : most[I]);
  if
  :: jar[b].sid = I; jar[b].epoch = E
  :: skip
  fi
}

inline reset() {
  op = 0; step = OVER; next = 0; stamp = 0; first = 0; v = 0;
  c.sid = 0; c.epoch = 0
}

proctype Tab(byte b; byte count; byte ops) {
  byte op, step, i, next, stamp, first;
  bit v;
  Cookie c;
#ifdef BREAK_SWAP
  byte e, x, l;
  short d;
#endif
end:
  do
  /* It is opened. */
  :: atomic { count && step == OVER ->
      count--;
      c.sid = jar[b].sid;
      c.epoch = jar[b].epoch;
      if
      :: ops & LOGIN -> op = LOGIN
      :: ops & REGEN -> op = REGEN
      :: ops & OTHERS -> op = OTHERS
      :: ops & ALL -> op = ALL
      :: ops & DESTROY -> op = DESTROY
      fi;
      v = opens(c.sid, c.epoch);
      printf("t0 tab of %d op %d: opens %d.%d, now %d except %d least %d: %d\n",
        b, op, c.sid, c.epoch, epoch, except, least, v);
#ifndef BREAK_RAISE
      /* It stays by its epoch from now on. */
      c.epoch = (v && c.epoch < epoch -> epoch : c.epoch);
#endif
      /* The sessions that it ends, if it does. */
      first = (op == OTHERS || op == ALL -> top : 0);
      /* A login has the epoch of before its record is made. */
      stamp = (op == LOGIN -> epoch : (op == REGEN -> c.epoch : 0));
      if
      :: op == LOGIN || op == REGEN && v -> step = MAKE
      :: op == ALL || op == OTHERS && v -> step = ASK
#ifndef IN_COOKIES
      :: op == DESTROY && v -> step = ASK
#endif
      :: else -> reset()
      fi
    }
  :: atomic { step == MAKE ->
#ifdef BREAK_STAMP
      stamp = epoch;
#endif
      next = top;
      top++;
      root[next] = (op == LOGIN -> next : root[c.sid]);
      cut = cut | (op == LOGIN && stamp < epoch -> 1 << next : 0);
#ifdef IN_COOKIES
      step = DONE
#else
      step = (v -> ASK : DONE)
#endif
    }
  :: atomic { step == ASK ->
      reading = reading | (1 << _pid);
#ifdef BREAK_SWAP
      e = epoch; x = except; l = least; d = ended;
#endif
      step = WRITE
    }
  :: atomic { step == WRITE ->
      reading = reading & ~(1 << _pid);
      if
#ifndef BREAK_SWAP
      /* Another one was faster. */
      :: isIn(stale, _pid) -> step = ASK
#endif
      :: else ->
#ifdef BREAK_SWAP
        epoch = e; except = x; least = l; ended = d;
        e = 0; x = 0; l = 0; d = 0;
#endif
        if
        :: op == OTHERS || op == ALL ->
          i = (op == OTHERS -> c.sid : 0);
#ifndef BREAK_LEAST
          /* Or it had been ended before. */
          least = (i && i == except -> least : epoch);
#endif
          except = i;
          epoch++;
          stamp = epoch;
          /* Its own cookie is as it was if it is over. */
          v = (op == OTHERS && c.epoch >= least);
          for (i : 1 .. SIDS - 1) {
            cut = cut | (i < top && (op == ALL || root[i] != root[c.sid]) ->
              1 << root[i] : 0)
          }
        :: else -> ended = ended | (1 << c.sid)
        fi;
        stale = stale | reading;
        step = DONE;
        look()
      fi;
      stale = stale & ~(1 << _pid);
      printf("t0 tab of %d op %d writes: epoch %d except %d least %d\n", b, op,
        epoch, except, least)
    }
  :: atomic { step == DONE ->
      if
      :: op == OTHERS || op == ALL ->
        for (i : 1 .. SIDS - 1) {
          over = over | (i < first && root[i] == i &&
            (op == ALL || i != root[c.sid]) -> 1 << i : 0)
        }
        i = 0;
        if
        :: v -> send(c.sid, stamp)
        :: else
        fi
      :: op == DESTROY -> gone = gone | (1 << c.sid)
      :: else ->
#ifndef IN_COOKIES
        gone = gone | (v -> 1 << c.sid : 0);
#endif
        send(next, stamp)
      fi;
      printf("t0 tab of %d op %d done: browser has %d.%d\n", b, op,
        jar[b].sid, jar[b].epoch);
      look();
      reset()
    }
  /* Its process stops, or the answer of its write was lost, and another write
   * is on top of that: it fails. If not, it finds its own write, and goes on. */
  :: atomic { step == DONE || step == ASK && next ->
      printf("t0 tab of %d: fails\n", b);
      reset()
    }
  od
}

init {
  atomic {
    jar[0].sid = 1;
    jar[1].sid = 2;
    jar[2].sid = 1;
    root[1] = 1;
    root[2] = 2;
    PEOPLE
  }
}
