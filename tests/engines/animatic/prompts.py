"""The prompts of the three reference documents: each model's default and its examples, as the documents print them."""

BICYCLE = (
    "A narrow dirt road cuts through grassy terrain under natural daylight. A bicycle enters the frame from the front,"
    " passing smoothly along the road and moving away from the camera, leaving it behind as the sound of tires on dirt"
    " fades into the distance."
)
FRIENDS = (
    "Two friends sit by a café window on a rainy afternoon, holding steaming cups. One laughs and says, “You always"
    " order the same thing,” and the other replies, “Why change what’s perfect?” gentle rain tapping the glass."
)
CAR = (
    "Inside a moving car on an open desert road, sunlight flickers through the windows. The driver grins and shouts over"
    " the music, “Next stop, nowhere!” Both laugh as the car speeds into the horizon."
)
DOG = (
    "A man walks his dog through a green park, leaves rustling in the breeze. The dog barks playfully, and the man"
    " chuckles, saying, “Alright, buddy, one more lap.” Natural outdoor ambience surrounds them."
)
CAMEL = (
    "A man rides a camel across a vast desert toward ancient ruins in the distance. The camel moves steadily through"
    " the sand, its footsteps leaving clear prints as wind drifts over the dunes and soft desert sounds fill the air."
)
KOALA = (
    "A close-up video of a koala sitting comfortably on a eucalyptus tree branch in its natural forest habitat. Sunlight"
    " filters gently through the leaves, casting soft highlights on its fur as the camera slowly moves closer. The koala"
    " blinks lazily, then looks toward the camera with calm curiosity. In the background, faint birdsong and rustling"
    " leaves create a peaceful atmosphere. The koala says, Ovi now on Wiro!..Cheerful male voice with a gentle Australian"
    " accent, natural outdoor ambiance, subtle background of birds and breeze, warm and calm tone."
)
DETECTIVE = (
    "A tight, gritty close-up on a detective\\'s face in a smoke-filled, neon-drenched office at midnight; he is leaning"
    " forward, eyes narrowed with tension, as the camera slowly zooms in, while his low, gravelly voice states,"
    ' \\"Where\\\'s the evidence?\\"; this is set against the backdrop of a slow, repetitive ticking clock and the'
    " distant wail of a police siren."
)
CAFE = (
    "An eye-level, static shot through a rain-streaked window looking out at a dimly lit, cozy cafe interior where a"
    " person with a book sits in a soft armchair, sipping from a steaming mug; the warm, inviting scene is defined by a"
    " low-volume, continuous Lo-Fi Hip Hop track with a gentle beat, all layered beneath the persistent, gentle patter of"
    " rain on the glass"
)
HOODIE = (
    "A cheerful koala sits comfortably on a eucalyptus branch in a sun-dappled forest clearing. The koala wears a"
    " vibrant teal-green hoodie (specifically, close to RGB(4,147,107)), with bold “WIRO” lettering across the front."
    " The camera slowly dollies in as the koala looks directly at the camera and says with excitement in a friendly male"
    " voice: \\'Wooooowww Veo 3.1, as always, on Wiro\\!\\' The entire scene is bathed in natural greens and soft grey"
    " tones, creating a cozy, natural, and upbeat mood, with the ambient soundscape defined by rustling leaves and"
    " distant birds. (No subtitles."
)
CLIFF = (
    "A breathtaking, high-angle drone shot of a lone figure standing on a moss-covered cliff edge, overlooking a vast,"
    " mist-filled valley at sunrise; the camera slowly pans out and rises higher to reveal the immense scale, while a"
    " sweeping, epic orchestral score swells, accompanied by the natural sound of a strong, cool wind gusting and the"
    " distant cry of an eagle."
)
PATIO = (
    "A soft, static close-up shot of a young woman in a dark coat gently sipping from a white teacup on an outdoor patio,"
    " her gaze fixed thoughtfully off-camera; the scene is bathed in warm, diffused autumn light, highlighting the"
    ' changing leaves behind her, while a gentle, introspective female voiceover muses, "Some mornings are just meant for'
    ' stillness...", complemented by the distant, soothing sound of crisp autumn leaves rustling and a barely audible,'
    " cozy café chatter from indoors."
)
AWNING = (
    "A slow, cinematic dolly-in shows the woman and her dog standing at the intersection, the deep red awning on the"
    " adjacent building creating a striking color contrast; the wind gently blows the woman’s hair as she shifts her"
    " weight and looks to her left; the video has a warm, film-grain aesthetic with a soft piano jazz track playing in"
    " the background, accompanied by the low, constant rumble of city traffic and a brief, gentle dog whimper."
)
