# The OpenAI Videos protocol, in a shell: a form, then JSON; wait, download.
base="$UNDERSTUDY_CLIENTS_URL/v1/videos"
ask() {
    curl -sS --fail-with-body -H "Authorization: Bearer $UNDERSTUDY_CLIENTS_KEY" "$@"
}

watch() {
    video=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' asked.json)
    test -n "$video"
    for _ in $(seq 300); do
        ask "$base/$video" > video.json
        if grep -q '"status":"completed"' video.json; then break; fi
        sleep 0.1
    done
    ask -L "$base/$video/content" -o clip.mp4
    test "$(head -c 8 clip.mp4 | tail -c 4)" = ftyp
}

ask "$base" -F model=sora-2-pro -F "prompt=A dog." -F seconds=4 -F size=1280x720 \
    -F "input_reference=@$UNDERSTUDY_CLIENTS_PHOTO;type=image/jpeg" > asked.json
watch
ask "$base" -H "content-type: application/json" -d '{"model": "sora-2-pro", "prompt": "A dog.", "seconds": 8}' > asked.json
watch
ask -X DELETE "$base/$video" | grep -q '"deleted":true'
test "$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $UNDERSTUDY_CLIENTS_OTHER_KEY" "$base/$video")" = 404
